import type { Plan } from "./decision.ts";
import { changeInWords, type ComponentChange } from "./explain-components.ts";

/** Something that differs but that a switch does not bring live. */
export interface NextBoot {
  readonly what: string;
  readonly detail: string;
}

/** The parameters of a kernel, one a word; null where they cannot be read. */
export interface KernelParameters {
  /** What the booted system asks for. */
  readonly booted: readonly string[] | null;
  readonly target: readonly string[] | null;
  /** What the kernel was really started with. */
  readonly running: readonly string[] | null;
}

export interface BootParts {
  readonly parameters: KernelParameters;
  /** Where the firmware lies in the store; null where there is none. */
  readonly firmware: { readonly booted: string | null; readonly target: string | null };
  /** Kernel, initrd and modules as they compare, whatever the configuration reboots for. */
  readonly components: readonly ComponentChange[];
}

/** What waits for the next boot; nothing where the act is a reboot. */
export function waitingForBoot(action: Plan["action"], parts: BootParts): NextBoot[] {
  if (action === "reboot") return [];
  const components = parts.components.filter(({ change }) => change === "changed");
  const { booted, target } = parts.firmware;
  const firmware = { what: "firmware", detail: "what drivers have loaded stays until then" };
  return [
    ...components.map((change) => ({ what: change.name, detail: changeInWords(change) })),
    ...parametersInWords(parts.parameters),
    ...(target !== null && booted !== target ? [firmware] : []),
  ];
}

function parametersInWords({ booted, target, running }: KernelParameters): NextBoot[] {
  if (target === null) return [];
  const now = runningParameters(booted, running);
  if (now === null) return [];
  const added = target.filter((word) => !now.includes(word)).map((word) => `+${word}`);
  const asked = (booted ?? []).filter((word) => now.includes(word));
  const removed = asked.filter((word) => !target.includes(word)).map((word) => `-${word}`);
  const detail = [...added, ...removed].join(" ");
  return detail === "" ? [] : [{ what: "kernel parameters", detail }];
}

/** NixOS starts its kernel with `init=`; a container sees its host's, which tell nothing of it. */
function runningParameters(
  booted: readonly string[] | null,
  running: readonly string[] | null,
): readonly string[] | null {
  const isOurs = running?.some((word) => word.startsWith("init=")) ?? false;
  return isOurs ? running : booted;
}
