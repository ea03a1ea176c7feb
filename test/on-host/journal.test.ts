import assert from "node:assert/strict";
import * as v from "valibot";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT_KINDS } from "../../src/core/record/journal-entry.ts";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { repository } from "../test-host/paths.ts";
import { call, deploy, ended, newestRecord, recordOf, systemSpec } from "./deploying.ts";

const NOTICE = "/run/deploy-finalize/notice";
const entriesSchema = v.array(v.record(v.string(), v.unknown()));

/** The entries that match, oldest first. */
async function entries(host: Host, ...match: string[]) {
  await host.ok(["journalctl", "--sync"]);
  const lines = await host.ok(["journalctl", "--no-pager", "--output=json", ...match]);
  return v.parse(
    entriesSchema,
    lines
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );
}

/** The record is saved before the journal is told. */
async function toldOf(host: Host, id: string, state: string): Promise<void> {
  const match = [`DEPLOY_FINALIZE_ID=${id}`, `DEPLOY_FINALIZE_STATE=${state}`];
  await host.until(`the journal tells of ${state}`, async () => {
    return (await entries(host, ...match)).length > 0;
  });
}

hostTest(
  "the journal has one entry with its fields for each state, in order, found by id and by unit",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id);
    assert.equal(record.state, "live");
    await toldOf(host, id, "live");
    for (const match of [`DEPLOY_FINALIZE_ID=${id}`, `--unit=deploy-finalize-${id}.service`]) {
      const told = (await entries(host, match)).filter((entry) => "DEPLOY_FINALIZE_STATE" in entry);
      const states = told.map((entry) => entry["DEPLOY_FINALIZE_STATE"]);
      assert.deepEqual(
        states,
        record.timeline.map(({ state }) => state),
      );
      const ids = told.map((entry) => entry["MESSAGE_ID"]);
      assert.deepEqual(
        ids,
        record.timeline.map(({ state }) => EVENT_KINDS[state].messageId),
      );
      const targets = new Set(told.map((entry) => entry["DEPLOY_FINALIZE_TARGET"]));
      assert.deepEqual([...targets], [target]);
    }
    const lines = (await entries(host, "--identifier=deploy-finalize")).map((e) => e["MESSAGE"]);
    for (const { state, detail } of record.timeline) {
      const told = lines.filter((line) => String(line).includes(`${state}: ${detail}`));
      assert.deepEqual(told, [`${state}: ${detail}`], "once, and without a prefix");
    }
    const fromUnit = await entries(host, `_SYSTEMD_UNIT=deploy-finalize-${id}.service`);
    assert.ok(fromUnit.some((entry) => entry["_TRANSPORT"] === "stdout"));
    const strays = fromUnit.filter((entry) => entry["DEPLOY_FINALIZE_ID"] !== id);
    assert.deepEqual(strays, [], "all lines of the unit bear the id");
    const report = await host.ok(call(target, "report-bug"));
    for (const { state, detail } of record.timeline) {
      assert.match(report, new RegExp(`^ {4}[0-9T:.+-]+ .*deploy-finalize.*: ${state}: `, "m"));
      assert.ok(report.includes(detail));
    }
    assert.match(report, /^ {4}systemctl --version: systemd \d+/m);
    assert.ok(report.includes(`"target": "${target}"`) || report.includes(`"target":"${target}"`));
  },
);

hostTest(
  "a failure is an error, a text with a new line forges no field, journalctl -x explains it",
  { baseline: systemSpec() },
  async (host) => {
    const catalog = readFileSync(join(repository, "contrib/deploy-finalize.catalog"), "utf8");
    await host.write("/usr/local/lib/systemd/catalog/deploy-finalize.catalog", catalog);
    await host.ok(["journalctl", "--update-catalog"]);
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    const id = await deploy(host, target, "--delay", "3600");
    await host.ok(call(target, "cancel"), {
      env: { SUDO_USER: "eve\nPRIORITY=0\nDEPLOY_FINALIZE_STATE=live\n\n" },
    });
    const [cancelled, ...others] = await entries(host, "DEPLOY_FINALIZE_STATE=cancelled");
    assert.deepEqual(others, []);
    assert.deepEqual(
      [cancelled?.["PRIORITY"], cancelled?.["DEPLOY_FINALIZE_ID"], cancelled?.["MESSAGE"]],
      ["5", id, "cancelled: cancelled by eve PRIORITY=0 DEPLOY_FINALIZE_STATE=live"],
    );
    assert.deepEqual(await entries(host, "DEPLOY_FINALIZE_STATE=live"), []);

    const bad = await host.buildToplevel(
      systemSpec(
        {},
        {
          verify: { settle: 0, checks: [{ kind: "command", command: ["false"], deadline: 0 }] },
          rollback: { enable: false },
        },
      ),
    );
    const badId = await deploy(host, bad, "--delay", "0");
    assert.equal((await ended(host, badId)).state, "failed");
    await toldOf(host, badId, "failed");
    const errors = await host.ok(["journalctl", "-p", "err", "-t", "deploy-finalize", "-x"]);
    assert.match(
      errors,
      /failed: .*\n.*Subject: A deploy failed to go live\n.*Defined-By: deploy-finalize/,
    );
    assert.match(errors, new RegExp(`Log of its unit: +deploy-finalize log ${badId}`));
  },
);

hostTest(
  "a logger that fails or is missing harms no finalization, and its unit narrates instead",
  { baseline: systemSpec() },
  async (host) => {
    for (const [label, logger] of [
      ["failing", "#!/bin/sh\necho broken >&2\nexit 1\n"],
      ["missing", null],
    ] as const) {
      const bin = `/root/${label}`;
      await host.shell(
        `mkdir -p ${bin}; for f in /usr/bin/* /usr/sbin/*; do ln -sf $f ${bin}; done; rm ${bin}/logger`,
      );
      if (logger !== null)
        await host.shell(`printf %s "$LOGGER" > ${bin}/logger; chmod +x ${bin}/logger`, {
          env: { LOGGER: logger },
        });
      const target = await host.buildToplevel(systemSpec({ label }));
      await host.setProfile(target);
      await host.ok([join(target, "bin/switch-to-configuration"), "boot"]);
      await host.ok(call(target, "--delay", "0"), { env: { PATH: `/usr/local/bin:${bin}` } });
      const record = await ended(host, (await newestRecord(host)).id);
      assert.equal(record.state, "live", label);
      const narrated = async (): Promise<string | false> => {
        const unit = await host.journal(`deploy-finalize-${record.id}.service`);
        return unit.includes("live: ") && unit;
      };
      const unit = await host.until("the unit has narrated its end", narrated);
      assert.equal(unit.split("cannot write to the journal: logger").length - 1, 1, unit);
      for (const { state } of record.timeline.slice(1)) {
        assert.match(unit, new RegExp(`deploy-finalize: ${state}: `));
      }
    }
  },
);

hostTest(
  "whoever logs in is told of a failure, also after a reboot, until the next deploy",
  { baseline: systemSpec() },
  async (host) => {
    const config = {
      verify: { settle: 0, checks: [{ kind: "command", command: ["false"], deadline: 0 }] },
      rollback: { enable: false },
    };
    const bad = await host.buildToplevel(systemSpec({ label: "bad" }, config));
    const before = await host.facts();
    const id = await deploy(host, bad, "--delay", "0");
    assert.equal((await ended(host, id)).state, "failed");
    const asNobody = ["setpriv", "--reuid=65534", "--clear-groups", "cat", NOTICE];
    // The record is saved before the notice is written.
    const notice = await host.until("the notice is there", async () => {
      const { stdout } = await host.run(asNobody);
      return stdout !== "" && stdout;
    });
    assert.match(
      notice,
      new RegExp(`FAILED to go live .*\n  See: deploy-finalize status ${id}\n$`),
    );
    await host.askForReboot();
    await host.rebooted(before.bootId);
    await host.until(
      "the notice is back",
      async () => (await host.run(asNobody)).stdout === notice,
    );
    const good = await host.buildToplevel(systemSpec({ label: "good" }));
    const newer = await deploy(host, good, "--delay", "0");
    assert.notEqual((await host.run(["test", "-e", NOTICE])).exitCode, 0);
    assert.equal((await ended(host, newer)).state, "live");
    assert.notEqual((await host.run(["test", "-e", NOTICE])).exitCode, 0);
    assert.equal((await recordOf(host, id)).state, "failed");
  },
);
