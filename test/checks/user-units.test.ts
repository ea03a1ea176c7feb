import assert from "node:assert/strict";
import { test } from "node:test";
import { failedUserUnits, verifyUserUnits } from "../../src/checks/user-units.ts";
import { userUnitsSuffix } from "../../src/core/user-units/judge.ts";
import { EdgeHost } from "../support/edge-host.ts";

const NEVER = new AbortController().signal;
const NONE = { failed: [], unknown: [] };
const ANNA = "setpriv --reuid=1000 --regid=100 --clear-groups --no-new-privs systemctl --user";

/** A host where a user manager runs. */
class UserHost extends EdgeHost {
  constructor() {
    super();
    this.folder.write("sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/x", "");
    this.folder.write("run/systemd/users/1000", "NAME=anna\n");
    this.showUnits({ "user@1000.service": { ActiveState: "active", UID: "1000", GID: "100" } });
    this.answers[`${ANNA} show`] = { stdout: "Id=bad.service\nTransient=no\n" };
  }

  list(stdout: string): void {
    this.answers[`${ANNA} list-units`] = { stdout };
  }
}

const BAD = "bad.service loaded failed failed A unit\n";
const BLAMED = { failed: [{ user: "anna", unit: "bad.service" }], unknown: [] };

test("ignore starts no program, and neither does a host without user managers", async () => {
  using host = new UserHost();
  assert.equal(await failedUserUnits(host, "ignore", NEVER), null);
  assert.deepEqual(host.ran, []);
  using empty = new EdgeHost();
  assert.deepEqual(await failedUserUnits(empty, "warn", NEVER), NONE);
  assert.deepEqual(empty.ran, []);
});

test("the manager is asked as the user", async () => {
  using host = new UserHost();
  host.list(BAD);
  assert.deepEqual(await failedUserUnits(host, "warn", NEVER), BLAMED);
  for (const [program, ...args] of host.ran.filter((argv) => argv.includes("--user"))) {
    assert.deepEqual([program, args[0], args[1]], ["setpriv", "--reuid=1000", "--regid=100"]);
  }
});

test("a transient unit does not count, and neither does what is no name of a unit", async () => {
  using host = new UserHost();
  host.list(`run-u1.service loaded failed failed x\n\u001B[31mbad loaded failed\n${BAD}`);
  host.answers[`${ANNA} show`] = {
    stdout: "Id=run-u1.service\nTransient=yes\n\nId=bad.service\nTransient=no\n",
  };
  assert.deepEqual(await failedUserUnits(host, "warn", NEVER), BLAMED);
});

test("a manager that does not answer is unknown", async () => {
  using host = new UserHost();
  host.answers[`${ANNA} list-units`] = { exitCode: 1, stderr: "Failed to\nconnect" };
  const seen = await failedUserUnits(host, "warn", NEVER);
  assert.deepEqual(seen?.failed, []);
  assert.equal(seen?.unknown[0]?.user, "anna");
  assert.match(
    seen?.unknown[0]?.why ?? "",
    /^setpriv ended with exit code 1: Failed to;? connect$/,
  );
  const { checks } = await verifyUserUnits(host, "fail", { before: NONE, trouble: [] }, NEVER);
  assert.deepEqual(
    checks.map(({ kind, result, detail }) => [kind, result, detail]),
    [["failed-user-units", "passed", "unknown for anna"]],
  );
});

test("warn names what has newly failed, and only fail makes a check of it", async () => {
  using host = new UserHost();
  host.list(BAD);
  const warned = await verifyUserUnits(host, "warn", { before: NONE, trouble: [] }, NEVER);
  assert.deepEqual(warned, { userUnits: BLAMED, checks: [] });
  const { checks, userUnits } = await verifyUserUnits(
    host,
    "fail",
    { before: NONE, trouble: [] },
    NEVER,
  );
  assert.deepEqual(userUnits, BLAMED);
  assert.deepEqual(
    checks.map(({ name, result, detail }) => [name, result, detail]),
    [["user units", "failed", "bad.service of anna failed"]],
  );
  const again = await verifyUserUnits(host, "fail", { before: BLAMED, trouble: [] }, NEVER);
  assert.deepEqual(
    again.checks.map(({ result }) => result),
    ["passed"],
  );
  // Without a look before the act nothing is new.
  assert.deepEqual(await verifyUserUnits(host, "fail", { before: null, trouble: [] }, NEVER), {
    userUnits: null,
    checks: [],
  });
});

test("what the switch said of users is a warning, and fails only if it is to", async () => {
  using host = new UserHost();
  host.list("");
  const trouble = ["warning: user activation for anna failed"];
  const warned = await verifyUserUnits(host, "warn", { before: NONE, trouble }, NEVER);
  assert.deepEqual(warned, { userUnits: { ...NONE, trouble }, checks: [] });
  assert.equal(userUnitsSuffix(warned.userUnits), "; user activation for anna failed");
  const unexamined = await verifyUserUnits(host, "warn", { before: null, trouble }, NEVER);
  assert.deepEqual(unexamined.userUnits, { ...NONE, trouble });
  const { checks } = await verifyUserUnits(host, "fail", { before: NONE, trouble }, NEVER);
  assert.deepEqual(
    checks.map(({ result, detail }) => [result, detail]),
    [["failed", "user activation for anna failed"]],
  );
  const ignored = await verifyUserUnits(host, "ignore", { before: NONE, trouble }, NEVER);
  assert.deepEqual(ignored, { userUnits: null, checks: [] });
});
