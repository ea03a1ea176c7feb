import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { call, deploy, ended, entered, path, recordOf, systemSpec } from "./deploying.ts";

const FAR = { start: `${new Date().getUTCFullYear() + 2}-01-01 02:00 UTC`, duration: "3h" };

/** A window that opens once, so many seconds from now. */
function windowIn(seconds: number): { readonly start: string; readonly duration: string } {
  const at = new Date(Date.now() + seconds * 1000).toISOString();
  return { start: `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`, duration: "2min" };
}

hostTest(
  "now: a reboot that is put off comes at once, but past a job only if the job is named",
  { baseline: systemSpec() },
  async (host) => {
    const detect = { kind: "command", command: ["/usr/bin/test", "-e", "/run/job"] };
    const spec = { kernel: "6.12.9", label: "new" };
    const target = await host.buildToplevel(
      systemSpec(spec, {
        verify: { settle: 0 },
        reboot: { window: [FAR, { ...FAR, start: "2099-01-01" }] },
        stagger: "10min",
        waitFor: { runners: [{ unit: "ci-runner.service", detect }] },
      }),
    );
    const id = await deploy(host, target, "--delay", "0");
    const service = `deploy-finalize-${id}.service`;
    await host.until("it is put off", async () => {
      const isDown = (await host.run(["systemctl", "is-active", service])).exitCode !== 0;
      return isDown && (await recordOf(host, id)).deferredUntil !== null;
    });
    await host.write("/run/job", "");
    const told = await host.ok(call(target, "now"));
    assert.match(told, /acts as soon as the CI job is open/);
    assert.match(told, /--past ci-job/);
    assert.equal((await recordOf(host, id)).state, "waiting");
    assert.match(await host.ok(call(target, "now", "--past", "CI job")), /acts now, past the CI/);
    const record = await ended(host, id, 60_000);
    assert.match(
      path(record),
      /^scheduled waiting waiting waiting waiting rebooting verifying live$/,
    );
    assert.deepEqual([record.hurried?.by, record.hurried?.past], ["root", ["CI job"]]);
    const again = await host.run(call(target, "now", id));
    assert.deepEqual([again.exitCode, /already ended: it is live/.test(again.stderr)], [1, true]);
  },
);

function settings(...window: readonly object[]): object {
  return { verify: { settle: 0 }, switch: { window } };
}

hostTest(
  "now: a switch acts past its delay and its windows; the next one waits for the earlier window",
  { baseline: systemSpec() },
  async (host) => {
    const first = await host.buildToplevel(systemSpec({ label: "first" }, settings(FAR)));
    const hurried = await deploy(host, first, "--delay", "3600");
    assert.match(await host.ok(call(first, "now")), new RegExp(`${hurried} acts now`));
    assert.equal((await ended(host, hurried, 30_000)).state, "live");
    const units = "systemctl list-units --all --plain --no-legend 'deploy-finalize-2*'";
    await host.until("no unit is left", async () => (await host.shell(units)) === "");
    const window = settings(FAR, windowIn(25));
    const second = await host.buildToplevel(systemSpec({ label: "second" }, window));
    const id = await deploy(host, second, "--delay", "0");
    await entered(host, id, "waiting");
    const record = await ended(host, id, 90_000);
    assert.equal(path(record), "scheduled waiting waiting switching verifying live");
    assert.match(
      record.timeline[2]?.detail ?? "",
      /waits for the switch window, which opens at 20/,
    );
    const late = Date.parse(record.timeline[3]?.at ?? "") - Date.parse(record.deferredUntil ?? "");
    assert.ok(late >= 0 && late < 10_000, `${late} ms after the window opened`);
  },
);
