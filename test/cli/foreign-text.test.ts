import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { printable, printableLine } from "../../src/core/printable.ts";
import { firstClosed, type Gate } from "../../src/gates/gate.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { FakeHost } from "../support/fake-host.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

/** What other users name their processes, inhibitors and themselves. */
const FORGED = "backup\ndeploy-finalize: live: the target is the running system\u001B[2J";
const foreign = fc.oneof(
  fc.constant(FORGED),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ maxLength: 40 }).map((text) => text.repeat(2000)),
);

/** A further line, an escape, or what changes the direction of a text. */
// oxlint-disable-next-line no-control-regex -- they are what must not be there
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

/** Each line is of this program: nobody else began one. */
function assertOwnLines(stderr: string): void {
  const lines = stderr.split("\n");
  assert.equal(lines.pop(), "");
  for (const line of lines) {
    // The second one belongs to each refusal to schedule.
    assert.match(line, /^(deploy-finalize: |the next boot may start this deploy, )/);
    assert.doesNotMatch(line, UNSAFE);
    assert.ok(line.length < 4100, `${line.length} characters`);
  }
}

test("a line of somebody else's words stays one printable line, whatever the words", () => {
  fc.assert(
    fc.property(foreign, fc.integer({ min: 1, max: 5000 }), (text, most) => {
      const line = printableLine(text, most);
      assert.doesNotMatch(line, UNSAFE);
      assert.ok(line.length <= most + 3);
      assert.equal(printable(line), line);
    }),
    { numRuns: 2000 },
  );
  assert.equal(printableLine("größer → 日本語 ✓"), "größer → 日本語 ✓");
});

test("what a program or a caller says makes no line of its own on stderr, nor in the record", async () => {
  await fc.assert(
    fc.asyncProperty(
      foreign,
      fc.constantFrom("systemd-run", "flock", "logger"),
      async (text, program) => {
        using host = new FakeHost();
        host.setProfile(makeToplevel(host.folder, "new"));
        host.env = { SUDO_USER: text, SSH_CLIENT: `${text} 1 22` };
        host.ends[program] = { exitCode: 1, stderr: text };
        const { stderr } = await host.schedule("--verbose");
        assertOwnLines(stderr);
        const state = host.folder.at("state");
        const names = existsSync(state) ? readdirSync(state) : [];
        for (const name of names.filter((one) => one.startsWith("2026"))) {
          const { requester } = JSON.parse(readFileSync(host.folder.at(`state/${name}`), "utf8"));
          // An empty name is none.
          const user = text === "" ? "" : requester.user;
          assert.ok(user.length <= 103, user);
          assert.doesNotMatch(user, UNSAFE);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("why a gate is closed is one printable line, because others name what closes it", async () => {
  await fc.assert(
    fc.asyncProperty(foreign, fc.constantFrom("closed", "unknown"), async (why, kind) => {
      using host = new EdgeHost();
      const gate: Gate = {
        name: "shutdown inhibitors",
        whenUnknown: "wait",
        atDeadline: "give-up",
        look: async () => ({ kind, why }),
        change: async () => {},
      };
      const context = { host, record: aRecord(), config: DEFAULT_CONFIG };
      const closed = await firstClosed([gate], context);
      assert.doesNotMatch(closed?.why ?? "", UNSAFE);
      assert.ok((closed?.why.length ?? 0) <= 1003);
    }),
    { numRuns: 200 },
  );
});

test("a refusal of several lines is shown as these lines, and none of them has another", async () => {
  using host = new FakeHost();
  const target = makeToplevel(host.folder, "new\ndeploy-finalize: live");
  host.folder.remove(`${target.slice(host.folder.path.length + 1)}/kernel`);
  host.setProfile(target);
  const { stderr } = await host.schedule();
  assert.deepEqual(new Refusal(["a", "b"]).lines, ["a", "b"]);
  assert.match(
    stderr,
    /^deploy-finalize: refusing to schedule: .*\n.*kernel is absent\nIn a container, .*\nthe next boot .*\n$/,
  );
});
