import {
  type Fleet,
  play,
  type Played,
  type Script,
} from "../../../../bench/fleet/rollouts/fleet.ts";
import type { World } from "../../../../bench/fleet/rollouts/terms.ts";
import { type Time, VirtualTime } from "../../../../bench/fleet/rollouts/time.ts";
import { randomFrom } from "../../../support/random.ts";
import { ModelGroup } from "./group.ts";
import { modelServer } from "./server.ts";

export interface Schedule {
  readonly fleet: Fleet;
  /** How probable it is that a request is lost, and that its answer is. */
  readonly loss: number;
  readonly seed: number;
}

const LONGEST_REQUEST_MS = 200;

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
  const dies = whileItIsUnderWay(time, random);
  const world = { time, random, slots: null, server, dies, requests: () => 0 };
  return await time.run(play(fleet, world, script), LIMIT_MS);
}

/** A process dies at any moment of a request, also after the answer has been sent. */
export function whileItIsUnderWay(time: Time, random: () => number): World["dies"] {
  return async () => {
    await time.pause(random() * LONGEST_REQUEST_MS);
  };
}
