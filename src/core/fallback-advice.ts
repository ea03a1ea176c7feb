/**
 * What a system lacks for a trouble of its kernel to end in a reset, and so in the fallback.
 *
 * @param parameters of its kernel
 * @param managerSettings the text of its systemd's system.conf; null where there is none
 */
export function fallbackAdvice(
  parameters: readonly string[],
  managerSettings: string | null,
): string[] {
  const advice: string[] = [];
  // A negative time is at once, 0 is never: kernel-parameters, panic=.
  const panic = parameters.findLast((word) => word.startsWith("panic="));
  if (panic === undefined || panic === "panic=0") {
    advice.push(
      'a panic would stand still: set boot.kernelParams = [ "panic=10" "boot.panic_on_fail" ]',
    );
  }
  if (!/^\s*RuntimeWatchdogSec=(?!\s*(0|off|infinity)?\s*$)/m.test(managerSettings ?? "")) {
    advice.push("a hang would stand still: set systemd.watchdog.runtimeTime, where there is one");
  }
  return advice;
}
