import type { RolloutServerFor } from "../part/rollout-part.ts";

// Until the engine is there.
export const rolloutServerFor: RolloutServerFor = () => {
  throw new Error("there is no engine yet");
};
