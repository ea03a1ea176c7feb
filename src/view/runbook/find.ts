import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Topic } from "./topic.ts";
import { TOPICS } from "./topics.ts";

/** The topic of a reason that the program has printed; null if no topic is for it alone. */
export function topicOfReason(reason: string): Topic | null {
  return TOPICS.find((topic) => topic.reason?.test(reason) === true) ?? null;
}

/** The topic of an end that wants somebody to look; null for any other state. */
export function topicOf({ state, outcome }: FinalizationRecord): Topic | null {
  if (state !== "failed" && state !== "rolled-back") return null;
  const ofReason = topicOfReason(outcome?.reason ?? "");
  // A host whose rollback did not take place is not well, whatever failed first.
  const isSure = ofReason !== null && (state === "rolled-back" || ofReason.host !== ROLLED_BACK);
  return isSure ? ofReason : topicNamed(state);
}

const ROLLED_BACK = topicNamed("rolled-back")?.host;

export function topicNamed(name: string): Topic | null {
  return TOPICS.find((topic) => topic.name === name) ?? null;
}

/** The topic that a person means: a name, or a reason as it was printed. */
export function topicFor(words: string): Topic | null {
  return topicNamed(words) ?? topicOfReason(words);
}
