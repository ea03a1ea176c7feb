import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../src/core/config/parse-config.ts";

function problemsOf(config: object): string[] {
  const read = readConfig(JSON.stringify(config), (key) => key);
  return read.kind === "wrong" ? read.problems.map(({ message }) => message) : [];
}

const etcd = { backend: "etcd", endpoints: ["https://a:2379"] };
const tcp = { kind: "tcp", port: 80 };

const REFUSED: [config: object, problem: RegExp][] = [
  [{ profile: "/" }, /^profile: must not be the folder \/$/],
  [{ profile: "//" }, /^profile: must not be the folder \/$/],
  [{ stateDir: "/" }, /^stateDir: must not be the folder \/$/],
  [{ stateDir: "/var/../run/df" }, /^stateDir: does not survive a reboot/],
  [{ stateDir: "//run/./df" }, /^stateDir: does not survive a reboot/],
  [{ rebootWhenChanged: ["kernle"] }, /^rebootWhenChanged: has kernle\. Did you mean kernel\?$/],
  [{ waitFor: { timeout: 0, onTimeout: "proceed" } }, /^waitFor\.timeout: is 0, and .* each job/],
  [
    { waitFor: { units: ["borg.servce"] } },
    /^waitFor\.units: has borg\.servce, .* did you mean borg\.service\?$/,
  ],
  [{ waitFor: { units: ["*-backup"] } }, /^waitFor\.units: .* such as \*-backup\.service$/],
  [
    { waitFor: { runners: [{ unit: "ci.servise", preset: "gitea-actions-runner" }] } },
    /^waitFor\.runners: has ci\.servise, .* did you mean ci\.service\?$/,
  ],
  [
    { verify: { ignoreFailedUnits: ["*.tmer"] } },
    /^verify\.ignoreFailedUnits: has \*\.tmer, .* did you mean \*\.timer\?$/,
  ],
  [
    { verify: { checks: [{ kind: "unit", unit: "sshd.socke" }] } },
    /^verify\.checks: has sshd\.socke, .* did you mean sshd\.socket\?$/,
  ],
  [{ waitFor: { units: ["*"] } }, /^waitFor\.units: matches every unit/],
  [{ waitFor: { units: ["*.service"] } }, /^waitFor\.units: matches every unit/],
  [{ verify: { ignoreFailedUnits: ["*"] } }, /^verify\.ignoreFailedUnits: matches every unit/],
  [{ verify: { settle: "52w" } }, /^verify\.settle: must be a day at most/],
  [{ verify: { checks: [{ ...tcp, host: "a b" }] } }, /^verify\.checks\.0\.host: must be the name/],
  [{ lock: { ...etcd, lease: 1 } }, /^lock\.lease: must be 60 or more seconds/],
  [{ lock: { ...etcd, for: ["reboot", "reboot"] } }, /^lock\.for: names reboot more than once/],
  [
    { lock: { ...etcd, for: [] } },
    /^lock\.for: is empty, and there is no fleet: .* leave out lock$/,
  ],
  [{ fleet: { wave: 0 } }, /^fleet: needs an etcd .*, and there is no lock\. Set lock\.backend/],
  [
    { lock: { backend: "fleetlock", url: "http://h" }, fleet: { wave: 0 } },
    /^fleet: needs an etcd .*, but lock\.backend is "fleetlock": such a server only counts slots\. Set/,
  ],
  [
    { lock: { ...etcd, username: "x", passwordFile: "/run/keys/etcd" } },
    /^lock\.passwordFile: does not survive a reboot/,
  ],
  [
    { lock: { ...etcd, caFile: "/run/../run/keys/ca" } },
    /^lock\.caFile: does not survive a reboot/,
  ],
];
for (const [config, problem] of REFUSED) {
  test(`config: nobody can mean ${JSON.stringify(config)}`, () => {
    const problems = problemsOf(config);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", problem);
  });
}

const MEANT: readonly object[] = [
  { stateDir: "/srv/run/../df" },
  { rebootWhenChanged: ["kernel", "initrd", "kernel-params", "firmware", "dtbs"] },
  { rebootWhenChanged: [] },
  { waitFor: { timeout: 0 } },
  { waitFor: { units: ["borg*.service"] }, verify: { ignoreFailedUnits: ["*-backup.service"] } },
  { lock: { ...etcd, username: "x", passwordFile: "/run/secrets/etcd", lease: "10min" } },
  { lock: { ...etcd, for: ["switch", "reboot"] } },
  { waitFor: { units: ["borg*", "borg-*.se?vice", "*.mount", "zfs-scrub@*", "a?.timer", "*er"] } },
  { lock: { ...etcd, for: [] }, fleet: { wave: 0 } },
  { lock: etcd, fleet: { wave: 3, soak: 0, maxFailures: 2, onMissing: "go-on-without" } },
];
for (const config of MEANT) {
  test(`config: takes ${JSON.stringify(config)}`, () => {
    assert.deepEqual(problemsOf(config), []);
  });
}
