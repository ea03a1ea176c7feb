import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "../test-host/host.ts";
import { type Ended, run } from "../test-host/spawn.ts";

/** How the operator's machine reaches the host. */
export type Way =
  /** From within the network of the host, which needs no cable. */
  | { readonly kind: "inside" }
  /** As from any other machine: to an address and port of the host, from an address of its own. */
  | {
      readonly kind: "outside";
      readonly address: string;
      readonly port: number;
      readonly from: string;
    };

/**
 * An operator's machine: `ssh` there is the real one, and leads to the host, whatever name it is given.
 * The network of the host is a new one in each boot, so the way inside is looked up for each
 * connection; while the host is off, there is none, and ssh ends with 255.
 */
export class Operator implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "operator-"));
  readonly #watches: NodeJS.Timeout[] = [];

  constructor(host: Host, way: Way = { kind: "inside" }) {
    const key = this.#copy(host, "/root/.ssh/id_ed25519");
    const knownHosts = this.#copy(host, "/root/.ssh/known_hosts");
    const options = [
      `IdentityFile=${key} UserKnownHostsFile=${knownHosts} HostKeyAlias=localhost BatchMode=yes`,
      way.kind === "inside"
        ? `ProxyCommand=${this.#wayIn(host)}`
        : `HostName=${way.address} Port=${way.port} BindAddress=${way.from}`,
    ].flatMap((line) => line.split(" "));
    this.#script("ssh", `exec /usr/bin/ssh -o ${options.join(" -o ")} "$@"`);
  }

  #wayIn(host: Host): string {
    const leader = join(this.folder, "leader");
    const noteLeader = (): void => {
      writeFileSync(leader, /^\/proc\/(\d+)\//.exec(host.path("/"))?.[1] ?? "");
    };
    noteLeader();
    this.#watches.push(setInterval(noteLeader, 50));
    // Each end that closes ends the other one: what is left would keep the streams of the script open.
    const connect =
      "exec 3<>/dev/tcp/127.0.0.1/22 || exit; cat <&3 & exec >/dev/null; cat >&3; kill $!";
    return this.#script(
      "way-in",
      `exec nsenter --target "$(cat ${leader})" --net bash -c '${connect}'`,
    );
  }

  #copy(host: Host, inside: string): string {
    const copy = join(this.folder, inside.replaceAll("/", "_"));
    copyFileSync(host.path(inside), copy);
    chmodSync(copy, 0o600);
    return copy;
  }

  #script(name: string, line: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, `#!/bin/bash\n${line}\n`, { mode: 0o755 });
    return path;
  }

  /** Runs a shell script on the operator's machine. */
  async run(script: string, env: Record<string, string> = {}): Promise<Ended> {
    const path = `${this.folder}:${process.env["PATH"] ?? ""}`;
    return await run(["bash", "-c", script], { env: { PATH: path, ...env } });
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) clearInterval(watch);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
