import assert from "node:assert/strict";
import { test } from "node:test";
import { Folder } from "../support/folder.ts";
import { readJob } from "./runner.ts";

const JOB = "var/lib/ci-runner/jobs/one";
const RUNNING = "run/ci-runner/invocation";

test("a job that ends while it is looked at, and whose runner is started again, is not lost", () => {
  using folder = new Folder();
  folder.write(`${JOB}/invocation`, "first");
  folder.write(RUNNING, "first");
  const at = (path: string): string => folder.at(path);
  assert.equal(readJob({ path: at, disk: at }, "one").state, "running");
  const slowly = (path: string): string => {
    if (path.endsWith(RUNNING)) {
      folder.write(`${JOB}/exit-code`, "0");
      folder.write(RUNNING, "second");
    }
    return at(path);
  };
  assert.equal(readJob({ path: slowly, disk: at }, "one").state, "ended");
});

test("a job whose runner was started again before its end is lost", () => {
  using folder = new Folder();
  folder.write(`${JOB}/invocation`, "first");
  folder.write(RUNNING, "second");
  const at = (path: string): string => folder.at(path);
  assert.equal(readJob({ path: at, disk: at }, "one").state, "lost");
});
