import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import { jobsInWords, parseJobs } from "../../../src/host/systemd/jobs.ts";

const TEXT = `  98 multi-user.target              start waiting
  101 join.service                   start running
● 102 web@a-b.service restart waiting
No jobs running.
`;

test("reads the jobs of systemctl list-jobs", () => {
  assert.deepEqual(parseJobs(TEXT), [
    { unit: "multi-user.target", type: "start", state: "waiting" },
    { unit: "join.service", type: "start", state: "running" },
    { unit: "web@a-b.service", type: "restart", state: "waiting" },
  ]);
});

test("names first what runs, because the rest waits for it", () => {
  assert.equal(
    jobsInWords(parseJobs(TEXT)),
    "join.service start (running), multi-user.target start (waiting), web@a-b.service restart (waiting)",
  );
});

test("names a few of many jobs", () => {
  const jobs = Array.from(
    { length: 400 },
    (_, index) => `${index} u${index}.service start waiting`,
  );
  const words = jobsInWords(parseJobs(jobs.join("\n")));
  assert.match(words, /^u0\.service .*u4\.service start \(waiting\), and 395 more$/);
});

test("reads any text without an error", () => {
  const line = fc.oneof(fc.string(), fc.constant(" 1 a.service start running"));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      assert.ok(jobsInWords(parseJobs(lines.join("\n"))).length < 2000);
    }),
  );
});
