/**
 * Does something while something else is watched for: whichever ends first ends the other by
 * its signal, and so does `stop`.
 *
 * @returns what the act came to, once both have ended
 */
export async function unlessEnded<T>(
  stop: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
  watch: (signal: AbortSignal) => Promise<void>,
): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const end = (): void => {
    over.abort();
  };
  const [result] = await Promise.all([act(signal).finally(end), watch(signal).finally(end)]);
  return result;
}
