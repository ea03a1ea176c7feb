process.env["TZ"] = "Europe/Berlin";
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import type { ExplainJson } from "../../src/json/explain.ts";
import { explainScreen } from "../../src/view/explain-screen.ts";
import { PLAIN, type Style, withoutColour } from "../../src/view/style.ts";
import { widthOf } from "../../src/view/text.ts";
import { assertGolden } from "../support/golden.ts";

const COLOURED: Style = { colour: "on", symbols: "unicode", width: 80 };
const NOW = new Date("2026-11-22T21:31:00Z");
const HASHES = ["0123456789abcdfghijklmnpqrsvwxyz", "zyxwvsrqpnmlkjihgfdcba9876543210"] as const;

const side = (version: string, name: string, hash: string) => ({
  path: `/nix/store/${hash}-${name}`,
  version,
});

const OLD = {
  toplevel: `/nix/store/${HASHES[0]}-nixos-system-web1-24.11`,
  generation: 41,
  version: "24.11.20241120.23e89b7",
  kernel: "6.12.3",
};
const NEW = {
  toplevel: `/nix/store/${HASHES[1]}-nixos-system-web1-25.05`,
  generation: 42,
  version: "25.05.20250601.4792576",
  kernel: "6.12.9",
};

function gate(name: string, state: Gate["state"], why: string | null = null): Gate {
  return { name, state, why, opensAt: null };
}

type Gate = ExplainJson["gates"][number];

const SWITCH: ExplainJson = {
  hooks: [],
  schemaVersion: 1,
  host: "web1",
  profile: "/nix/var/nix/profiles/system",
  verdict: "would switch: services only",
  decision: { action: "switch", reason: "services only", changed: [], missing: [] },
  systems: { booted: OLD, current: OLD, target: { ...NEW, kernel: "6.12.3" } },
  specialisation: null,
  components: ["kernel", "initrd", "kernel-modules"].map((name) => ({
    name,
    change: "same" as const,
    booted: side("6.12.3", `linux-6.12.3-${name}`, HASHES[0]),
    target: side("6.12.3", `linux-6.12.3-${name}`, HASHES[0]),
  })),
  units: {
    kind: "known",
    systemd: "restarts",
    stop: [{ name: "gone.service", role: null }],
    restart: [
      { name: "docker.service", role: null },
      { name: "gitea-runner-default.service", role: "ci-runner" },
      { name: "nginx.service", role: null },
      { name: "postgresql.service", role: null },
      { name: "sshd.service", role: "ssh" },
    ],
    reload: [{ name: "dbus.service", role: null }],
    start: [{ name: "fresh.service", role: null }],
    keep: [{ name: "getty@tty1.service", role: null, why: "restartIfChanged = false" }],
    runners: ["gitea-runner-default.service", "gitlab-runner.service"],
  },
  packages: {
    kind: "known",
    changes: [
      { name: "nginx", before: ["1.26.0"], after: ["1.26.2"], bytes: 25_000 },
      { name: "openssl", before: ["3.3.1", "3.3.0"], after: ["3.3.2"], bytes: null },
      { name: "fresh", before: [], after: ["1.0"], bytes: 5_000_000 },
      { name: "gone", before: ["0.9"], after: [], bytes: -90_000 },
      ...Array.from({ length: 12 }, (_, index) => ({
        name: `unit-${index}.service`,
        before: [""],
        after: [],
        bytes: null,
      })),
    ],
  },
  closure: { kind: "known", currentBytes: 2_684_354_560, targetBytes: 2_689_289_000 },
  delay: { seconds: 0, source: "automatic" },
  gates: [
    gate("session", "closed", "login session 12 is open"),
    gate("CI job", "closed", "gitea-runner-default.service runs a job"),
    gate("switch lock", "open"),
  ],
  verification: {
    bootWithinSeconds: 600,
    settleSeconds: 5,
    ignoreFailedUnits: ["user@*.service"],
    checks: ["nginx.service", "https://web1.example.org/health"],
    confirmWithinSeconds: 300,
    rollback: "enabled",
  },
  userUnits: {
    users: ["anna", "bert"],
    stop: [],
    restart: ["pipewire.service", "wireplumber.service"],
    reload: [],
    keep: ["emacs.service"],
  },
  fallback: null,
  nextBoot: [{ what: "kernel parameters", detail: "+quiet -console=ttyS0" }],
  warnings: [
    {
      kind: "older-generation",
      text: "the profile is at generation 40, not at the newest (42)",
      at: null,
    },
    {
      kind: "went-wrong-before",
      text: "this target was rolled back before: web.service failed (20261122-200000-aaaa)",
      at: "2026-11-22T20:01:00.000Z",
    },
  ],
  unseen: [],
};

const REBOOT: ExplainJson = {
  ...SWITCH,
  verdict: "would reboot: kernel 6.12.3 → 6.12.9",
  decision: {
    action: "reboot",
    reason: "kernel,initrd,kernel-modules changed",
    changed: ["kernel", "initrd", "kernel-modules"],
    missing: [],
  },
  systems: { booted: OLD, current: OLD, target: NEW },
  components: SWITCH.components.map(({ name, booted }) => ({
    name,
    change: "changed",
    booted,
    target: side(
      "6.12.9",
      `linux-6.12.9-with-a-name-that-is-longer-than-others/${name}`,
      HASHES[1],
    ),
  })),
  units: { kind: "all", runners: ["gitea-runner-default.service"] },
  userUnits: null,
  gates: [
    {
      ...gate("reboot window", "closed", "opens at 2026-11-28T01:00:00.000Z (Sat 02:00)"),
      opensAt: "2026-11-28T01:00:00.000Z",
    },
    gate("switch lock", "open"),
    gate("shutdown inhibitors", "closed", "backup (process 4711): copies the database"),
    gate("fleet lock", "open", "group web, 2 of 3 slots free"),
    gate("logged-in users", "closed", "alice is logged in"),
  ],
  nextBoot: [],
  warnings: [],
};

const REFUSED: ExplainJson = {
  ...SWITCH,
  verdict: "would refuse: the target is missing initrd",
  decision: {
    action: "refuse",
    reason: "the target is missing initrd",
    changed: [],
    missing: ["initrd"],
  },
  components: SWITCH.components.map((each) =>
    each.name === "initrd"
      ? { ...each, change: "missing", target: { path: null, version: null } }
      : each,
  ),
  units: { kind: "unknown", why: "the target is missing initrd" },
  userUnits: null,
  packages: { kind: "unknown", why: "the running system is unknown" },
  gates: [],
  delay: null,
  nextBoot: [],
  warnings: [],
};

const LITTLE: ExplainJson = {
  ...SWITCH,
  gates: [
    gate(
      "fleet lock",
      "unknown",
      "group web: the lock server etcd1.example.org:2379: no answer within 5 s",
    ),
  ],
  systems: { ...SWITCH.systems, current: { ...OLD, generation: null, version: null } },
  units: { kind: "unknown", why: "only root may run dry-activate: use sudo" },
  userUnits: null,
  packages: { kind: "unknown", why: "nix could not be started: nix is not in PATH" },
  closure: { kind: "unknown", why: "nix could not be started: nix is not in PATH" },
  verification: { ...SWITCH.verification, confirmWithinSeconds: null, rollback: "disabled" },
  unseen: ["earlier finalizations: only root may read /var/lib/deploy-finalize"],
  warnings: [],
  nextBoot: [],
};

const SCREENS = { switch: SWITCH, reboot: REBOOT, refused: REFUSED, little: LITTLE };

for (const [name, seen] of Object.entries(SCREENS)) {
  test(`screen: explain-${name}`, () => {
    const plain = explainScreen(PLAIN, seen, NOW);
    const coloured = explainScreen(COLOURED, seen, NOW);
    assertGolden(`explain-${name}.txt`, plain);
    assertGolden(`explain-${name}.colour.txt`, coloured);
    const uncoloured = explainScreen({ ...COLOURED, colour: "off" }, seen, NOW);
    assert.deepEqual(coloured.map(withoutColour), uncoloured);
    for (const line of [...plain, ...coloured]) assert.ok(widthOf(line) <= 80, line);
    assert.match(plain.join("\n"), /^[\n -~]*$/, "plain is ASCII");
    assert.equal(plain[0], seen.verdict.replaceAll("→", "->"));
  });
}

test("screen: explain keeps to the width, and lets no control character through", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  const unit = fc.record({ name: text, role: fc.constantFrom(null, "ssh" as const) });
  const any = fc.record({
    verdict: text,
    warnings: fc.array(fc.record({ kind: text, text, at: fc.constant(null) })),
    why: text,
    path: text,
    units: fc.array(unit),
    packages: fc.array(
      fc.record({ name: text, before: fc.array(text), after: fc.array(text), bytes: fc.integer() }),
    ),
    width: fc.integer({ min: 40, max: 120 }),
  });
  fc.assert(
    fc.property(any, ({ verdict, warnings, why, path, units, packages, width }) => {
      const seen: ExplainJson = {
        ...REBOOT,
        verdict,
        warnings,
        components: [
          {
            name: "kernel",
            change: "changed",
            booted: { path, version: path },
            target: { path, version: null },
          },
        ],
        units: {
          kind: "known",
          systemd: "restarts",
          stop: units,
          restart: units,
          reload: [],
          start: [],
          keep: [],
          runners: [],
        },
        packages: { kind: "known", changes: packages },
        gates: [gate("CI job", "closed", why), gate("fleet lock", "open", why)],
      };
      for (const line of explainScreen({ ...PLAIN, width }, seen, NOW)) {
        assert.ok(widthOf(line) <= width, JSON.stringify(line));
        assert.doesNotMatch(line, /\p{Cc}/u);
      }
    }),
  );
});
