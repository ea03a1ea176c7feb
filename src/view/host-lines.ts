import type { Slot } from "../core/record/slot.ts";
import { age } from "../core/age.ts";
import type { HostNow, SystemNow } from "../explain/host-now.ts";
import type { SlotSeen } from "../fleet/slot-store.ts";
import type { FallbackJson } from "../json/fallback.ts";
import { comesBackInWords, hanging } from "./explain-parts.ts";
import { systemName } from "./headline.ts";
import { paint, type Style, symbol } from "./style.ts";
import { table } from "./table.ts";
import { shortStorePath, wrap } from "./text.ts";
import { printable } from "../core/printable.ts";
import { forPeople } from "./timeline.ts";

/** The booted, the current and the profile's system; equal ones share a line. */
export function hostLines(style: Style, host: HostNow): string[] {
  const roles = [
    ["booted", host.booted],
    ["current", host.current],
    ["profile", host.profile],
  ] as const;
  const toplevels = [...new Set(roles.map(([, { toplevel }]) => toplevel))];
  const rows = toplevels.flatMap((toplevel) => {
    const same = roles.filter(([, system]) => system.toplevel === toplevel);
    const [first] = same;
    const names = same.map(([name]) => name).join(", ");
    return first === undefined ? [] : [[names, ...describe(style, first[1])]];
  });
  const columns = [{ title: "" }, { title: "" }, DETAIL] as const;
  const width = style.width - 2;
  const lines = table({ ...style, width }, columns, rows);
  return [
    ...lines.map((line) => `  ${line}`),
    ...rebootLine(style, host),
    ...bootLoaderLine(style, host),
  ];
}

/** Only if the next boot would not simply start the profile's system. */
function bootLoaderLine(style: Style, { bootLoader, ...host }: HostNow): string[] {
  const { name, once, byDefault } = bootLoader;
  const isUsual = once === null && (byDefault === null || byDefault === host.profile.toplevel);
  if (name === null || isUsual) return [];
  const known = [host.profile, host.current, host.booted];
  const nameOf = (toplevel: string | null): string =>
    systemName(toplevel, known.find((one) => one.toplevel === toplevel)?.generation ?? null);
  const text =
    once === null
      ? `the boot default of ${name} is ${nameOf(byDefault)}, not the system of the profile`
      : `next boot: ${name} boots ${nameOf(once)} once; later boots: ${nameOf(byDefault)}`;
  return wrap(style, printable(text), style.width - 2).map((line) => `  ${line}`);
}

/** Whether the host would come back from a new kernel that does not boot, and why not. */
export function comesBackLine(style: Style, fallback: FallbackJson | null): string[] {
  if (fallback === null) return [];
  const { obstacle, waits, advice } = fallback;
  const reason = obstacle ?? waits;
  const reasons = reason === null ? advice : [reason];
  const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  const text = `if a new kernel does not boot, ${comesBackInWords(fallback)}${why}`;
  return wrap(style, printable(text), style.width - 2).map((line) => `  ${line}`);
}

const DETAIL = { title: "", shrink: "middle" } as const;

function describe(style: Style, { toplevel, generation, version }: SystemNow): string[] {
  if (toplevel === null) return ["unknown", "its link leads nowhere"];
  const name = generation === null ? "no generation" : systemName(toplevel, generation);
  const isPlain = generation !== null && version !== null;
  return [name, isPlain ? printable(version) : shortStorePath(style, toplevel)];
}

const REBOOT_REQUIRED = "reboot required";

function rebootLine(style: Style, { rebootRequired }: HostNow): string[] {
  if (rebootRequired === null) return [];
  const text = `${REBOOT_REQUIRED}: ${printable(rebootRequired)}`;
  const [first = "", ...rest] = wrap(style, text, style.width - 2);
  const head = first.replace(REBOOT_REQUIRED, paint(style, "yellow", REBOOT_REQUIRED));
  return [`${symbol(style, "warning")} ${head}`, ...rest.map((line) => `  ${line}`)];
}

type Own = Pick<Slot, "state" | "finalization" | "askedAt" | "takenAt" | "keptBecause">;

/** The state of a slot: follows "this host" or its name. */
export function slotInWords(own: Own, now: Date): string {
  const { state, finalization, keptBecause } = own;
  const since = age(new Date(own.takenAt ?? own.askedAt), now);
  if (keptBecause !== null) {
    return `keeps a slot, taken ${since}, because of ${finalization}: ${keptBecause}`;
  }
  switch (state) {
    case "asked":
      return `asked for a slot ${since}, for ${finalization}`;
    case "held":
      return `holds a slot, taken ${since}, for ${finalization}`;
    case "giving-back":
      return `is giving back a slot, taken ${since}, for ${finalization}`;
  }
}

const KEPT =
  "Until this host gives its slot back, the other hosts of the group have one slot less. " +
  "It gives the slot back when a later deploy to it is live, or when you run: deploy-finalize lock release";

/** The slot of this host, and the effect of a kept slot on the other hosts; empty without a slot. */
export function slotLines(style: Style, seen: SlotSeen, now: Date): string[] {
  switch (seen.kind) {
    case "none":
      return [];
    case "unknown": {
      const text = `fleet lock: cannot find out whether this host holds a slot: ${seen.why}`;
      return hanging(style, `${symbol(style, "warning")} `, forPeople(style, text, now));
    }
    case "slot": {
      const { slot } = seen;
      const isKept = slot.keptBecause !== null;
      const text = `fleet lock, group ${slot.lock.group}: ${slotInWords(slot, now)}`;
      const mark = symbol(style, isKept ? "warning" : "none");
      const lines = hanging(style, `${mark} `, forPeople(style, text, now));
      return isKept ? [...lines, ...hanging(style, "  ", KEPT)] : lines;
    }
  }
}
