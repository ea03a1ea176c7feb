/** What docs/tested-with.md is made of. test/docs/tested-with.test.ts compares it with README and tests. */

/** A part of the tests' world: the real one with its version, or what stands in for it. */
export interface Part {
  readonly name: string;
  readonly real: string;
  readonly standIn: string;
}

/** What a test host of each release of Debian has. A test reads them on the host. */
export const HOST_PARTS = {
  bookworm: { systemd: "252", nix: "2.8" },
  trixie: { systemd: "257", nix: "2.26" },
  sid: { systemd: "262", nix: "2.34" },
} as const;

const versionsOf = (part: "systemd" | "nix"): string =>
  Object.values(HOST_PARTS)
    .map((versions) => versions[part])
    .join(", ");

const SYSTEMD: Part = {
  name: "systemd",
  real: `systemd ${versionsOf("systemd")} as PID 1`,
  standIn: "none",
};
const NIX: Part = { name: "Nix", real: `Nix ${versionsOf("nix")}`, standIn: "none" };
const SWITCH: Part = {
  name: "switch-to-configuration",
  real: "`STC=PATH make check`; tried with the Rust program of nixpkgs of September 2024",
  standIn: "a program that acts like nixpkgs' at 0145c6d",
};
const RUNNER: Part = {
  name: "CI runner",
  real: "`make check-runner`; tried with Gitea 1.26.0 and 1.27.3, its runner 1.0.8 (jobs on the host and in Podman) and act_runner 0.2.13, and, with stand-ins for their forges, with woodpecker-agent 3.17.0, buildkite-agent 4.0.0-beta.15 and gitlab-runner 15.3.0 and 18.1.3",
  standIn: "a runner of shell jobs that works in its own process before and after a job",
};
const DEPLOY_RS: Part = {
  name: "deploy-rs",
  real: "`DEPLOY_RS=FOLDER make check`; tried with the `activate` of d5eff7f, whose `deploy` stays a stand-in",
  standIn: "scripts with the connections of `deploy` and the acts of `activate`, after d5eff7f",
};
const LOADERS: Part = {
  name: "boot loaders",
  real: "systemd-boot 252 and 262 and GRUB under QEMU (`make check-boot`)",
  standIn: "on the other hosts a file with the menu",
};
const ETCD: Part = { name: "fleet lock", real: "etcd 3.4", standIn: "a FleetLock server" };
const FORGES: Part = {
  name: "forges",
  real: "`make check-forge`; tried with Gitea 1.26.0",
  standIn: "servers with the answers of Gitea, Forgejo, GitHub and GitLab",
};
const MONITORING: Part = {
  name: "monitoring",
  real: "node_exporter 1.5 and Prometheus 2.42",
  standIn: "none",
};
const RECEIVERS: Part = {
  name: "receivers of messages",
  real: "none",
  standIn: "servers that take requests",
};

export interface Claim {
  /** The words of README, without line breaks. */
  readonly claim: string;
  readonly parts: readonly Part[];
  /** Where it is tested. */
  readonly tests: readonly string[];
}

export const CLAIMS: readonly Claim[] = [
  {
    claim: "**waits until the CI job has ended**",
    parts: [SYSTEMD, SWITCH, RUNNER, DEPLOY_RS],
    tests: [
      "test/on-host/main-job.test.ts",
      "test/on-host/draining.test.ts",
      "test/on-host/deploy-rs.test.ts",
      "test/gates/real-host.test.ts",
      "test/gates/real-container.test.ts",
    ],
  },
  {
    claim: "**switches**",
    parts: [SYSTEMD, NIX, SWITCH],
    tests: ["test/on-host/main-job.test.ts", "test/on-host/good-deploys.test.ts"],
  },
  {
    claim: "**reboots**",
    parts: [SYSTEMD, NIX],
    tests: ["test/on-host/main-job.test.ts", "test/on-host/good-deploys.test.ts"],
  },
  {
    claim: "**verifies**",
    parts: [SYSTEMD, SWITCH],
    tests: ["test/on-host/verification.test.ts", "test/on-host/planted-lies.test.ts"],
  },
  {
    claim: "**rolls back**",
    parts: [SYSTEMD, NIX, SWITCH],
    tests: ["test/on-host/rollback.test.ts", "test/on-host/rollback-and-full-disks.test.ts"],
  },
  {
    claim: "**reboots only when it may**",
    parts: [SYSTEMD, ETCD],
    tests: [
      "test/on-host/reboot-policy.test.ts",
      "test/on-host/fleet-lock.test.ts",
      "test/fleet/etcd.test.ts",
    ],
  },
  {
    claim: "**rolls out over a fleet in waves**",
    parts: [ETCD],
    tests: ["test/fleet/rollouts/waves.test.ts", "test/fleet/rollouts/races.test.ts"],
  },
  {
    claim: "**tries a new kernel only once**",
    parts: [LOADERS],
    tests: ["test/qemu/loaders.ts", "test/qemu/troubles.ts"],
  },
  {
    claim: "**reports**",
    parts: [FORGES, MONITORING, RECEIVERS],
    tests: [
      "test/on-host/report.test.ts",
      "test/report/gitea.test.ts",
      "test/report/forges.test.ts",
      "test/report/notifications.test.ts",
      "test/report/exporter.test.ts",
    ],
  },
  {
    claim: "**continues**",
    parts: [SYSTEMD, SWITCH],
    tests: ["test/on-host/chaos-kill.test.ts", "test/on-host/chaos-power.test.ts"],
  },
];

export function testedWithPage(): string {
  const parts = [...new Set(CLAIMS.flatMap((claim) => claim.parts))];
  return `# What it was tested with

<!-- Made from scripts/docs/tested-with.ts by \`make docs\`, do not edit. -->

For each claim of the [README](../README.md): the parts that its tests need. \`make check\` runs on hosts of Debian
bookworm; \`make check-systemd\` runs the tests that boot hosts on all three releases and prints a table.

| it… | parts | tests |
|---|---|---|
${CLAIMS.map(claimRow).join("\n")}

If the second column names a command, the tests use the stand-in unless somebody runs that command. NixOS itself was
not tried: the systems of the hosts have the form of NixOS and are built without nixpkgs.

| part | real | stand-in |
|---|---|---|
${parts.map(({ name, real, standIn }) => `| ${name} | ${real} | ${standIn} |`).join("\n")}

| host from Debian | systemd | Nix |
|---|---|---|
${Object.entries(HOST_PARTS)
  .map(([release, { systemd, nix }]) => `| ${release} | ${systemd} | ${nix} |`)
  .join("\n")}
`;
}

function claimRow({ claim, parts, tests }: Claim): string {
  const names = parts.map(({ name }) => name).join(", ");
  const links = tests.map((path) => `[${path.replace("test/", "")}](../${path})`).join(", ");
  return `| ${claim.replaceAll("**", "")} | ${names} | ${links} |`;
}
