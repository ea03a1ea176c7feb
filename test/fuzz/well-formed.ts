import assert from "node:assert/strict";

/**
 * Whether each number in a value is one that JSON and a Date can hold, and each Date a moment.
 * Throws with the place of what is not.
 */
export function wellFormed(value: unknown, place = "it"): void {
  if (typeof value === "number") {
    assert.ok(Number.isFinite(value), `${place} is ${value}`);
  } else if (value instanceof Date) {
    assert.ok(!Number.isNaN(value.getTime()), `${place} is no moment`);
  } else if (value instanceof Map || value instanceof Set) {
    wellFormed([...value], place);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) wellFormed(item, `${place}[${index}]`);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) wellFormed(item, `${place}.${key}`);
  }
}

/** A whole number from 0 that JavaScript holds exactly. */
export function assertCount(value: number): void {
  assert.ok(Number.isSafeInteger(value) && value >= 0, `${value} is no count`);
}

/** A line for people: one, printable, and not endless. */
export function assertLine(text: string, most = 5000): void {
  assert.ok(text.length <= most, `${text.length} characters`);
  // oxlint-disable-next-line no-control-regex -- it is what must not be there
  assert.doesNotMatch(text, /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/);
}
