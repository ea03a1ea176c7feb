import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { restoreNotice, updateNotice } from "../../src/state-dir/notice.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { saveNewest } from "../support/store.ts";

const ID = "20261122-213000-aaaa";

/** A host on which a record is the newest, with its notice written. */
function hostWith(state: FinalizationRecord["state"]): [EdgeHost, RecordStore] {
  const host = new EdgeHost();
  host.folder.write("run/.keep", "");
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  const store = new RecordStore(host.folder.at("state"));
  const record = aRecord({ state });
  saveNewest(store, record);
  updateNotice(host, store, record);
  return [host, store];
}

function noticeOn({ paths }: EdgeHost): string | null {
  try {
    return readFileSync(paths.notice, "utf8");
  } catch {
    return null;
  }
}

test("the notice is readable for everybody, whatever the umask", () => {
  const umask = process.umask(0o077);
  const [failed] = hostWith("failed");
  process.umask(umask);
  using host = failed;
  assert.match(noticeOn(host) ?? "", new RegExp(ID));
  const modes = [host.paths.notice, host.folder.at("run/deploy-finalize")].map(
    (path) => statSync(path).mode & 0o777,
  );
  assert.deepEqual(modes, [0o644, 0o755]);
});

test("the notice goes when the newest is scheduled or live, and an older one does not touch it", () => {
  const [failed, store] = hostWith("failed");
  using host = failed;
  updateNotice(host, store, aRecord({ id: "20261122-212900-zzzz", state: "superseded" }));
  assert.notEqual(noticeOn(host), null);
  updateNotice(host, store, aRecord({ state: "scheduled" }));
  assert.equal(noticeOn(host), null);
});

test("after a boot the notice is written again, by what the newest record says", async () => {
  const [rolledBack, store] = hostWith("rolled-back");
  using host = rolledBack;
  const before = noticeOn(host);
  host.folder.remove("run/deploy-finalize");
  await restoreNotice(host, store);
  assert.equal(noticeOn(host), before);
  host.folder.write(`state/${ID}.json`, "broken");
  host.folder.remove("run/deploy-finalize");
  await restoreNotice(host, store);
  assert.equal(noticeOn(host), null);
  await restoreNotice(host, new RecordStore(host.folder.at("no-such-folder")));
});

test("a notice that cannot be written is said, and harms nothing", () => {
  const [live, store] = hostWith("live");
  using host = live;
  host.folder.write("run/deploy-finalize", "a file in the way");
  updateNotice(host, store, aRecord({ state: "failed" }));
  assert.match(host.said.join("\n"), /^cannot write the notice for logins: ENOTDIR|EEXIST/);
});
