/**
 * How long to wait after a try that failed: doubling from `first` to `most`, and of that a
 * random half, so that a fleet does not come back all at once.
 *
 * @param tries that have failed, 1 and up
 * @param limits in seconds
 * @param random from 0 up to but not including 1
 * @returns milliseconds
 */
export function backoffMs(
  tries: number,
  { first, most }: { readonly first: number; readonly most: number },
  random: number,
): number {
  const seconds = Math.min(most, first * 2 ** Math.min(tries - 1, 30));
  return seconds * 1000 * (0.5 + random / 2);
}
