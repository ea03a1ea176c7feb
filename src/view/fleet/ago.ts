import { age } from "../../core/age.ts";

/** The distance of a moment that another host wrote, which may be none. */
export function ago(at: string, now: Date): string {
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? "at an unknown time" : age(moment, now);
}
