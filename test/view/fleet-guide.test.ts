process.env["TZ"] = "UTC";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { toFleetJson } from "../../src/cli/fleet/look.ts";
import { fleetScreen } from "../../src/view/fleet/fleet-screen.ts";
import { PLAIN } from "../../src/view/style.ts";
import { aMember, aRollout, viewOf } from "./fleet-samples.ts";
import { NOW } from "./samples.ts";

const page = readFileSync(new URL("../../docs/fleet.md", import.meta.url), "utf8");

/** The screens that the page shows, without their commands; a cut one up to its mark. */
const shown = [...page.matchAll(/^```console\n# .*\n([^]*?)^```$/gm)].map(([, screen = ""]) =>
  screen.replace(/…\n$/, ""),
);

const before = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

const waiting = [2, 3].map((number) =>
  aMember(1, number, "waiting", {
    since: before(60),
    why: "waits for wave 0: 0 of 1 hosts have ended live",
  }),
);

const GOES_ON = viewOf(
  aRollout({ startedAt: before(60) }),
  aMember(0, 1, "soaking", { since: before(30) }),
  ...waiting,
);

const FAILURE = {
  id: "id-web1",
  host: "web1",
  wave: 0,
  finalization: "20261122-211500-km17",
  why: "site: status 500 instead of 200 to 299",
  at: before(20),
};

const HALTED = viewOf(
  aRollout({
    name: `9f3c1b7a5d2e${"0".repeat(28)}`,
    startedAt: before(60),
    failures: [FAILURE],
    halt: { at: before(20), by: "web1", why: `web1 failed: ${FAILURE.why}`, kind: "failures" },
  }),
  aMember(0, 1, "failed", { since: before(20), why: FAILURE.why }),
  ...waiting,
);

for (const [index, view] of [GOES_ON, HALTED].entries()) {
  test(`docs/fleet.md: screen ${index + 1} is as the program prints it`, () => {
    const named = { group: "web", endpoints: ["https://etcd1.example:2379"], id: "id-web1" };
    const style = { ...PLAIN, symbols: "unicode" } as const;
    const screen = fleetScreen(style, NOW, toFleetJson(named, view), "notable");
    assert.equal(shown.length, 2);
    const printed = `${screen.map((line) => line.trimEnd()).join("\n")}\n`;
    assert.equal(printed.slice(0, shown[index]?.length), shown[index]);
  });
}
