/** Runs every schedule of two processes, within the bounds that the environment gives; see search.ts. */
import { PAIRS } from "./pairs.ts";
import { ownThisProcess, Runner } from "./runner.ts";
import { type Points, search } from "./search.ts";

ownThisProcess();
const isComplete = process.env["SEARCH"] === "complete";
/** In a complete search, two preemptions before any call; else two before those with an effect. */
const BOUNDS: readonly (readonly [most: 1 | 2, points: Points])[] = isComplete
  ? [[2, "every call"]]
  : [
      [1, "every call"],
      [2, "every effect"],
    ];
const runner = await Runner.make();
for (const pair of PAIRS) {
  for (const [most, points] of BOUNDS) {
    const { schedules, wrong } = await search(runner, pair, most, points);
    const how = `${pair.name}, ${most === 1 ? "one preemption" : "two preemptions"} before ${points}`;
    const end = wrong.length === 0 ? "nothing is wrong" : wrong.join("; ");
    console.log(`${how}: ${schedules} schedules, ${end}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}
