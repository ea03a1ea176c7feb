import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { hooksSchema } from "../../src/core/config/hooks/hooks-config.ts";
import { repository } from "../test-host/paths.ts";
import { Folder } from "../support/folder.ts";
import { spawnWith } from "../support/spawning.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { withEvaluator } from "./view.ts";

const PACKAGES = ["coreutils", "kubectl", "socat", "libvirt", "systemd"];

/**
 * Stand-ins for the programs of the examples. Each takes the arguments that the manual of its program
 * documents, and refuses any other one.
 */
const PROGRAMS: Readonly<Record<string, string>> = {
  // https://kubernetes.io/docs/reference/kubectl/generated/kubectl_drain/ and kubectl_uncordon
  kubectl: `
    case "$1" in --kubeconfig=/*) shift ;; *) exit 64 ;; esac
    verb=$1; node=$2; shift 2
    case "$node" in -*) exit 64 ;; esac
    for flag in "$@"; do case "$verb $flag" in
      "drain --ignore-daemonsets" | "drain --delete-emptydir-data") ;;
      "drain --timeout="*[0-9]s | "drain --timeout="*[0-9]m) ;;
      *) exit 64 ;;
    esac; done
    case "$verb" in drain) touch "$STATE/cordoned" ;; uncordon) rm -f "$STATE/cordoned" ;; *) exit 64 ;; esac`,
  // socat(1): two addresses. HAProxy, management.txt: set server <backend>/<server> state [ ready | drain | maint ]
  socat: `
    [ "$#" = 2 ] && [ "$1" = stdio ] || exit 64
    case "$2" in unix-connect:/*) ;; *) exit 64 ;; esac
    read -r line
    case "$line" in
      "set server "*/*" state drain") touch "$STATE/drained" ;;
      "set server "*/*" state ready") rm -f "$STATE/drained" ;;
      *) echo "Unknown command." ;;
    esac`,
  // virsh(1): shutdown, start and domstate take a domain; to start one that runs is an error.
  virsh: `
    [ "$1 $2" = "--connect qemu:///system" ] && [ "$#" = 4 ] || exit 64
    case "$3" in
      domstate) if [ -e "$STATE/off" ]; then echo "shut off"; else echo running; fi ;;
      shutdown) touch "$STATE/off" ;;
      start) [ -e "$STATE/off" ] || exit 1; rm "$STATE/off" ;;
      *) exit 64 ;;
    esac`,
  // systemctl(1)
  systemctl: `
    verb=$1; shift
    for unit in "$@"; do
      case "$unit" in *.service) ;; *) exit 64 ;; esac
      case "$verb" in stop) touch "$STATE/$unit" ;; start) rm -f "$STATE/$unit" ;; *) exit 64 ;; esac
    done`,
};

/** What is there while a hook is in force. */
const IN_FORCE: Readonly<Record<string, readonly string[]>> = {
  flag: ["balancer/out"],
  node: ["cordoned"],
  balancer: ["drained"],
  "guest-db": ["off"],
  importers: ["import-orders.service", "import-stock.service"],
};

nixTest("the examples of docs/hooks.md do what they say, twice as well", async (nix) => {
  using folder = new Folder();
  const page = readFileSync(join(repository, "docs/hooks.md"), "utf8");
  const blocks = [...page.matchAll(/^```nix\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  const paths = PACKAGES.map((name) => `${name} = "${folder.path}";`).join(" ");
  const scope = `ownPkgs = pkgs // { ${paths} runtimeShell = "/bin/sh"; };`;
  const modules = blocks.map((text) => `(pkgs: { ${text} })`).join("\n");
  const expression = withEvaluator(`let ${scope} in (view (
    [ { services.deployFinalize.enable = true; } ] ++ map (make: make ownPkgs) [ ${modules} ]
  )).file.hooks`);
  const hooks = v.parse(hooksSchema, await nix.evaluate(expression));
  assert.deepEqual(hooks.map(({ name }) => name).toSorted(), Object.keys(IN_FORCE).toSorted());
  for (const [name, text] of Object.entries(PROGRAMS)) {
    folder.write(`bin/${name}`, `#!/bin/sh\n${text}\n`);
    chmodSync(folder.at(`bin/${name}`), 0o755);
  }
  for (const name of ["touch", "rm"]) folder.link(`bin/${name}`, `/usr/bin/${name}`);
  folder.write("state/balancer/.keep", "");
  const spawn = spawnWith({ PATH: process.env["PATH"], STATE: folder.at("state") });
  const run = async (command: readonly string[] | null): Promise<void> => {
    assert.ok(command !== null);
    const own = command.map((word) =>
      word.replace("/var/lib/balancer", folder.at("state/balancer")),
    );
    const ended = await spawn(own, { timeoutMs: 20_000 });
    assert.deepEqual([own, ended.exitCode, ended.stderr], [own, 0, ""]);
  };
  for (const { name, before, after } of hooks) {
    const left = (): boolean[] =>
      (IN_FORCE[name] ?? []).map((file) => existsSync(folder.at(`state/${file}`)));
    for (let times = 0; times < 2; times++) {
      await run(before);
      assert.ok(
        left().every((isThere) => isThere),
        name,
      );
    }
    for (let times = 0; times < 2; times++) {
      await run(after);
      assert.ok(!left().some((isThere) => isThere), name);
    }
  }
});
