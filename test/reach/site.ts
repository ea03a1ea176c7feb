import { createHash, randomInt } from "node:crypto";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { Cable } from "../on-host/network.ts";
import { PROGRAM, systemSpec } from "../on-host/deploying.ts";
import { Operator } from "../on-host/ssh.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { ok, run } from "../test-host/spawn.ts";
import { documents, waitingLoops } from "../docs/documents.ts";

/** The addresses of a site, for the lines of a system. */
export interface Addresses {
  /** The host's own, in a network of 30 bits that holds the gateway too. */
  readonly host: string;
  readonly gateway: string;
  /** The operator's machine, which is behind the gateway. */
  readonly operator: string;
}

/** What a system does for the way in; a break changes some of it. */
export interface WayIn {
  /** Shell commands that set up the interface `wire`, in this order. */
  readonly network: readonly string[];
  /** nftables: what follows `flush ruleset`. */
  readonly firewall: readonly string[];
  /** sshd_config(5). */
  readonly sshd: readonly string[];
  /** Lines for the service of sshd. */
  readonly service: readonly string[];
  /** Shell commands that set up the accounts. */
  readonly accounts: readonly string[];
  /** Lines of hosts(5). */
  readonly names: readonly string[];
}

export const PORT = 2222;
const OPERATOR_NAME = "operator.example";

/** The way in of a system that can be reached. */
export function goodWayIn({ host, gateway, operator }: Addresses): WayIn {
  return {
    network: [
      "ip link set wire up",
      `ip address add ${host}/30 dev wire`,
      `ip route add default via ${gateway}`,
    ],
    firewall: [
      "table inet filter { chain input { type filter hook input priority 0; policy drop",
      "iif lo accept",
      "ct state established,related accept",
      `tcp dport ${PORT} accept; }; }`,
    ],
    sshd: [
      `Port ${PORT}`,
      "UsePAM yes",
      "UseDNS yes",
      `AllowUsers root@${OPERATOR_NAME}`,
      "PermitRootLogin prohibit-password",
    ],
    service: [],
    accounts: ["usermod --shell /bin/bash root", "cp /etc/pam.d/sshd.dist /etc/pam.d/sshd"],
    names: ["127.0.0.1 localhost test-host", `${operator} ${OPERATOR_NAME}`],
  };
}

/** What another system may have left behind does not stay. */
const FRESH = [
  "until ip link show wire >/dev/null 2>&1; do sleep 0.1; done",
  "ip link set wire down",
  "ip link set wire mtu 1500",
  "ip address flush dev wire",
  "ip route flush table main",
  "ip link delete other 2>/dev/null || :",
  "ip rule flush; ip rule add pref 32766 lookup main; ip rule add pref 32767 lookup default",
];
const FRESH_ACCOUNTS = ["[ -e /etc/pam.d/sshd.dist ] || cp /etc/pam.d/sshd /etc/pam.d/sshd.dist"];

function setUp(lines: readonly string[], more = ""): string {
  return `[Service]
Type=oneshot
RemainAfterExit=yes
${more}
ExecStart=/bin/sh -euc "${lines.join("; ")}"
[Install]
WantedBy=multi-user.target
`;
}

/** A system with this way in, as NixOS makes it: units that a switch restarts if they differ. */
export function systemWith(way: WayIn, spec: ToplevelSpec, config: object): ToplevelSpec {
  const sshd = `${way.sshd.join("\n")}\n`;
  const rules = way.firewall.join("; ");
  return systemSpec(
    {
      ...spec,
      units: {
        "lan.service": setUp([...FRESH, ...way.network], "TimeoutStartSec=60"),
        "firewall.service": setUp([`nft 'flush ruleset; ${rules}'`]),
        "accounts.service": setUp([...FRESH_ACCOUNTS, ...way.accounts]),
        "outer-sshd.service": `[Unit]
X-Restart-Triggers=${createHash("sha256").update(sshd).digest("hex")}
[Service]
ExecStart=/usr/sbin/sshd -D -e -f /etc/outer-sshd.conf
RuntimeDirectory=sshd
RuntimeDirectoryPreserve=yes
KillMode=process
Restart=always
${way.service.join("\n")}
[Install]
WantedBy=multi-user.target
`,
        ...spec.units,
      },
      etc: {
        "outer-sshd.conf": sshd,
        hosts: `${way.names.join("\n")}\n`,
        ...spec.etc,
      },
    },
    config,
  );
}

/** As the module puts it into the profile. */
const COMMAND = `#!/bin/sh
exec ${PROGRAM.join(" ")} "$@" --config /run/current-system/etc/deploy-finalize.json
`;

/** A host, and an operator's machine that is not on its network: the way there is through a gateway. */
export class Site implements AsyncDisposable {
  readonly host: Host;
  readonly addresses: Addresses;
  readonly operator: Operator;
  readonly #cable: Cable;
  #boot = "";
  #plugging = Promise.resolve();
  readonly #watch: NodeJS.Timeout;

  private constructor(host: Host, cable: Cable, operatorAddress: string) {
    this.host = host;
    this.#cable = cable;
    this.addresses = { host: cable.there, gateway: cable.here, operator: operatorAddress };
    this.operator = new Operator(host, {
      kind: "outside",
      address: cable.there,
      port: PORT,
      from: operatorAddress,
    });
    this.#watch = setInterval(() => this.#plugAfterBoot(), 200);
  }

  /** The host becomes one that can be reached from outside, by a deploy. */
  static async open(host: Host): Promise<Site> {
    const operator = `10.${randomInt(128, 192)}.${randomInt(256)}.${randomInt(1, 255)}`;
    await ok(["ip", "address", "add", `${operator}/32`, "dev", "lo"]);
    const site = new Site(host, new Cable(host), operator);
    try {
      await host.write("/usr/local/bin/deploy-finalize", COMMAND);
      await host.ok(["chmod", "+x", "/usr/local/bin/deploy-finalize"]);
      const first = await host.buildToplevel(site.good("first", {}));
      await host.deployBoot(first);
      await host.ok([`${first}/bin/switch-to-configuration`, "switch"]);
      await host.until("the host can be reached", async () => await site.isReachable());
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  #plugAfterBoot(): void {
    const boot = this.host.bootId();
    if (boot === undefined || boot === this.#boot) return;
    this.#boot = boot;
    this.#plugging = this.#cable.connect().catch(() => {
      // The host went down once more: the next boot gets a new cable.
      this.#boot = "";
    });
  }

  good(label: string, verify: object, spec: ToplevelSpec = {}): ToplevelSpec {
    return this.system(goodWayIn(this.addresses), verify, { ...spec, label });
  }

  system(way: WayIn, verify: object, spec: ToplevelSpec): ToplevelSpec {
    return systemWith(way, spec, { verify: { settle: 0, ...verify } });
  }

  /** Whether somebody can log in from outside, over a connection of its own. */
  async isReachable(): Promise<boolean> {
    const probe = "timeout 4 ssh -o ControlPath=none -o ConnectTimeout=2 root@web1 true";
    return (await this.operator.run(probe)).exitCode === 0;
  }

  /** Runs the loop that docs/confirmation.md shows to people. */
  async confirm({ id }: Pick<FinalizationRecord, "id">): Promise<number> {
    const { exitCode } = await this.operator.run(documentedLoop(), { id });
    return exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    await this.#plugging;
    this.operator[Symbol.dispose]();
    await this.#cable[Symbol.asyncDispose]();
    await run(["ip", "address", "delete", `${this.addresses.operator}/32`, "dev", "lo"]);
  }
}

/** This host has no program in its profile. */
export function documentedLoop(): string {
  const page = documents().filter(({ path }) => path === "docs/confirmation.md");
  const [first] = waitingLoops(page);
  if (first === undefined) throw new Error("docs/confirmation.md has no loop");
  return first.loop.replace("/nix/var/nix/profiles/system/sw/bin/", "");
}
