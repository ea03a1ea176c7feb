/** The reboot window of a host that has one: it opens soon after the plan has begun, and every day. */
const [HOUR, MINUTE, SECOND] = [22, 30, 20];
const DURATION_S = 600;
const DAY_MS = 86_400_000;
const OPENS_MS = ((HOUR * 60 + MINUTE) * 60 + SECOND) * 1000;

export const WINDOW = { start: `*-*-* ${HOUR}:${MINUTE}:${SECOND} UTC`, duration: DURATION_S };

export function isInWindow(wallMs: number): boolean {
  return (wallMs - OPENS_MS) % DAY_MS < DURATION_S * 1000;
}

/** The output of `systemd-analyze calendar --iterations=… --base-time=@… -- START`. */
export function calendar(argv: readonly string[]): string {
  const numberOf = (option: string): number =>
    Number(argv.find((word) => word.startsWith(option))?.slice(option.length));
  const from = numberOf("--base-time=@") * 1000;
  const first = Math.floor((from - OPENS_MS) / DAY_MS + 1) * DAY_MS + OPENS_MS;
  const lines = Array.from({ length: numberOf("--iterations=") }, (_, index) => {
    const at = new Date(first + index * DAY_MS).toISOString();
    const label = index === 0 ? "Next elapse" : `Iteration #${index + 1}`;
    return `${label}: Day ${at.slice(0, 10)} ${at.slice(11, 19)} UTC\n`;
  });
  return lines.join("");
}
