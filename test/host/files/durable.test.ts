import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { test } from "node:test";
import { NotAFile, readIfThere, readLink, writeDurably } from "../../../src/host/files/durable.ts";
import { Secrets } from "../../../src/forge/secrets.ts";
import { readConfigText } from "../../../src/cli/shared/load-config.ts";
import { tryLock } from "../../../src/host/process/lock.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { Folder } from "../../support/folder.ts";

test("a file is replaced without following what stands in its place", () => {
  using folder = new Folder();
  const victim = folder.write("victim", "precious");
  for (const name of ["a.json", "a.json.tmp"]) folder.link(`state/${name}`, victim);
  writeDurably(folder.at("state/a.json"), "new");
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.equal(readFileSync(folder.at("state/a.json"), "utf8"), "new");
  assert.equal(lstatSync(folder.at("state/a.json")).mode, 0o100600);
  assert.deepEqual(readdirSync(folder.at("state")).toSorted(), ["a.json", "a.json.tmp"]);
});

test("what a killed process left is removed an hour later, and nothing else", () => {
  using folder = new Folder();
  const old = `state/a.json.${randomUUID()}`;
  const young = `state/a.json.${randomUUID()}`;
  const others = [`state/b.json.${randomUUID()}`, "state/a.json.old"];
  for (const name of [old, young, ...others]) folder.write(name, "half");
  const twoHoursAgo = Date.now() / 1000 - 7200;
  for (const name of [old, ...others]) utimesSync(folder.at(name), twoHoursAgo, twoHoursAgo);
  writeDurably(folder.at("state/a.json"), "new");
  assert.ok(!existsSync(folder.at(old)));
  for (const name of [young, ...others]) assert.ok(existsSync(folder.at(name)), name);
});

test("a write that fails leaves the old text and no other file", () => {
  using folder = new Folder();
  folder.write("state/a.json/in-the-way", "");
  assert.throws(() => writeDurably(folder.at("state/a.json"), "new"), /EISDIR/);
  assert.deepEqual(readdirSync(folder.at("state")), ["a.json"]);
});

test("a FIFO, a device or a folder is no file, and nothing waits for it", () => {
  using folder = new Folder();
  const fifo = folder.at("fifo");
  execFileSync("mkfifo", [fifo]);
  const nothing = new Secrets(() => {});
  for (const path of [fifo, "/dev/zero", "/dev/tty0", folder.path]) {
    if (!existsSync(path)) continue;
    assert.throws(() => readIfThere(path), NotAFile, path);
    assert.throws(() => nothing.from(path), /is not a regular file/, path);
    assert.throws(() => readConfigText(path), /is not a regular file/, path);
  }
  assert.equal(readIfThere(folder.at("absent")), null);
});

test("a FIFO in the place of a lock is refused at once", async () => {
  using host = new EdgeHost();
  const path = host.folder.at("a.lock");
  execFileSync("mkfifo", [path]);
  await assert.rejects(tryLock(host, path), /a\.lock: it is not a regular file\. Remove it\./);
  assert.deepEqual(host.ran, []);
});

test("a file or a folder in the place of a link is no link", () => {
  using folder = new Folder();
  folder.write("file", "");
  for (const name of ["file", ".", "absent"]) assert.equal(readLink(folder.at(name)), null);
});
