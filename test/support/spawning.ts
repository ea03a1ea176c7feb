import { makeSpawn, type OwnProcess, type Spawn } from "../../src/host/process/spawn.ts";

const kill: OwnProcess["kill"] = (processId, signal) => {
  process.kill(processId, signal);
};

/** Starts real programs, as the program itself does, with an environment of the test's own. */
export function spawnWith(env: OwnProcess["env"]): Spawn {
  return makeSpawn({ env, kill });
}
