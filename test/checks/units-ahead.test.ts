import assert from "node:assert/strict";
import { rmSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { UnitsAhead } from "../../src/checks/units-ahead.ts";
import { EdgeHost } from "../support/edge-host.ts";

type Shown = Record<string, Record<string, string>>;

const running = (restarts: number): Record<string, string> => ({
  LoadState: "loaded",
  ActiveState: "active",
  SubState: "running",
  NRestarts: String(restarts),
});

const dead = { LoadState: "loaded", ActiveState: "inactive", SubState: "dead" };

/** A host with these units, each with the id of its start. */
function hostWith(units: Shown): EdgeHost {
  const host = new EdgeHost();
  host.passes(0);
  host.folder.write("run/systemd/units/log-level", "");
  for (const unit of Object.keys(units)) starts(host, unit, "first");
  shows(host, units);
  return host;
}

function starts(host: EdgeHost, unit: string, id: string): void {
  const link = host.folder.at(`run/systemd/units/invocation:${unit}`);
  rmSync(link, { force: true });
  symlinkSync(id, link);
}

function shows(host: EdgeHost, units: Shown): void {
  host.showUnits(units);
  const lines = Object.entries(units).map(
    ([unit, { LoadState = "", ActiveState = "", SubState = "" }]) =>
      `${unit} ${LoadState} ${ActiveState} ${SubState} Words`,
  );
  host.answers["systemctl list-units"] = { stdout: lines.join("\n") };
}

/** What it then finds, and which units it asks for by name. */
async function take(host: EdgeHost, ahead: UnitsAhead): Promise<[Record<string, string>, string]> {
  const before = host.ran.length;
  const units = await ahead.take(host);
  const found = units.map(({ unit, active, restarts }) => [unit, `${active} ${restarts}`] as const);
  const asked = host.ran.slice(before).filter((argv) => argv.includes("show"));
  return [
    Object.fromEntries(found),
    asked.flatMap((argv) => argv.slice(argv.indexOf("--") + 1)).join(" "),
  ];
}

test("units that were read ahead are not read again, but for those that have changed", async () => {
  using host = hostWith({ "web.service": running(0), "db.service": running(0), "x.timer": dead });
  const ahead = new UnitsAhead();
  ahead.begin(host);
  assert.deepEqual(await take(host, ahead), [
    { "web.service": "active 0", "db.service": "active 0", "x.timer": "inactive 0" },
    "",
  ]);
  shows(host, { "web.service": running(0), "db.service": dead, "new.service": running(0) });
  assert.deepEqual(await take(host, ahead), [
    { "web.service": "active 0", "db.service": "inactive 0", "new.service": "active 0" },
    "db.service new.service",
  ]);
});

test("a unit that was restarted meanwhile looks as before, and is read again", async () => {
  using host = hostWith({ "web.service": running(0) });
  const ahead = new UnitsAhead();
  ahead.begin(host);
  starts(host, "web.service", "second");
  shows(host, { "web.service": running(1) });
  assert.deepEqual(await take(host, ahead), [{ "web.service": "active 1" }, "web.service"]);
});

test("a unit that had a job is read again", async () => {
  using host = hostWith({ "web.service": { ...running(0), Job: "7" } });
  const ahead = new UnitsAhead();
  ahead.begin(host);
  shows(host, { "web.service": running(0) });
  assert.deepEqual((await take(host, ahead))[1], "web.service");
});

test("all units are read if none were, if that is long ago, and if systemd does not tell starts", async () => {
  using host = hostWith({ "web.service": running(0) });
  const ahead = new UnitsAhead();
  assert.deepEqual((await take(host, ahead))[1], "*");
  assert.deepEqual((await take(host, ahead))[1], "");
  host.passes(10_000);
  assert.deepEqual((await take(host, ahead))[1], "*");
  rmSync(host.folder.at("run/systemd/units"), { recursive: true });
  assert.deepEqual((await take(host, ahead))[1], "*");
});

test("all units are read if systemd did not answer ahead", async () => {
  using host = hostWith({ "web.service": running(0) });
  const ahead = new UnitsAhead();
  host.answers["systemctl show"] = { exitCode: 1, stderr: "no bus" };
  ahead.begin(host);
  shows(host, { "web.service": running(0) });
  assert.deepEqual(await take(host, ahead), [{ "web.service": "active 0" }, "*"]);
});
