import {
  type Fleet,
  play,
  type Played,
  type Script,
} from "../../../../bench/fleet/rollouts/fleet.ts";
import { VirtualTime } from "../../../../bench/fleet/rollouts/time.ts";
import { randomFrom } from "../../../support/random.ts";
import { ModelGroup } from "./group.ts";
import { modelServer } from "./server.ts";

export interface Schedule {
  readonly fleet: Fleet;
  /** How probable it is that a request is lost, and that its answer is. */
  readonly loss: number;
  readonly seed: number;
}

/** Far longer than any script takes, in simulated time. */
const LIMIT_MS = 300_000;

/**
 * Plays a script to a fleet whose group is the model, in simulated time.
 *
 * @throws Error if a host is stuck
 */
export async function playOnModel(
  { fleet, loss, seed }: Schedule,
  script: Script,
): Promise<Played> {
  const random = randomFrom(seed);
  const time = new VirtualTime(random);
  const group = new ModelGroup(() => new Date(time.now()));
  const network = { time, random, delayMs: 30, loss };
  const server = () => modelServer(group, "default", network);
  const world = { time, random, slots: null, server, requests: () => 0 };
  return await time.run(play(fleet, world, script), LIMIT_MS);
}
