import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import { ActivationListener } from "../../../src/host/nixos/activation-output.ts";

/** Heard in pieces, as a pipe brings them. */
function wordsOf(text: string, size = 7) {
  const listener = new ActivationListener();
  for (let at = 0; at < text.length; at += size) listener.hear(text.slice(at, at + size), "stderr");
  return listener.words();
}

test("failed jobs are read, each once, whatever follows the name", () => {
  const words = wordsOf(
    [
      "stopping the following units: a.service",
      "activating the configuration...",
      "Failed to reload web.service",
      "Failed to start shop.service: Unit shop.service has a bad unit file setting.",
      "Failed to restart a\\x2db@1.service",
      "Failed to reload web.service",
      "Failed to stop old.mount",
      "warning: the following units failed: web.service",
      "× web.service - Failed to start the web.",
    ].join("\n"),
  );
  assert.deepEqual(words, {
    failedJobs: [
      { unit: "web.service", job: "reload" },
      { unit: "shop.service", job: "start" },
      { unit: "a\\x2db@1.service", job: "restart" },
      { unit: "old.mount", job: "stop" },
    ],
    userTrouble: [],
    reason: "named",
    progress: "begun",
  });
});

test("users' trouble is kept apart", () => {
  const { failedJobs, userTrouble, reason } = wordsOf(
    "Failed to start user unit sync.service\nwarning: user activation for ada failed\n",
  );
  assert.deepEqual(failedJobs, []);
  assert.deepEqual(userTrouble, [
    "Failed to start user unit sync.service",
    "warning: user activation for ada failed",
  ]);
  assert.equal(reason, "named");
});

test("an activation that failed stays the reason, whatever else failed", () => {
  for (const line of [
    "Failed to run activate script",
    "Activation script snippet 'etc' failed (1)",
  ]) {
    const { reason } = wordsOf(`${line}\nwarning: the following units failed: old.service\n`);
    assert.equal(reason, "activation", line);
  }
});

test("a line without an end on one stream swallows no line of the other", () => {
  const listener = new ActivationListener();
  listener.hear("Setting up...", "stdout");
  listener.hear("Failed to reload web.service\n", "stderr");
  assert.deepEqual(listener.words().failedJobs, [{ unit: "web.service", job: "reload" }]);
});

test("a refusal says nothing of a change", () => {
  const words = wordsOf("Pre-switch check 'switchInhibitors' failed\n");
  assert.equal(words.progress, "nothing-changed");
  assert.equal(words.reason, "none");
});

test("any text is read, in any pieces, without a crash and within bounds", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 500 }),
      fc.integer({ min: 1, max: 50 }),
      (text, size) => {
        const whole = wordsOf(text, text.length + 1);
        assert.deepEqual(wordsOf(text, size), whole);
      },
    ),
  );
  const many = Array.from({ length: 1000 }, (_, n) => `Failed to start u${n}.service\n`).join("");
  assert.equal(wordsOf(many, 4096).failedJobs.length, 100);
  assert.deepEqual(wordsOf("x".repeat(1_000_000), 65_536).failedJobs, []);
});
