import type { HostNow, SystemNow } from "../host/host-view.ts";
import { systemName } from "./naming.ts";
import { paint, type Style } from "./style.ts";
import { symbol } from "./symbols.ts";
import { table } from "./table.ts";
import { printable, shortStorePath, wrap } from "./text.ts";

/** Which system is booted, current and in the profile; the same one is told of once. */
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

/** Only where the next boot is not simply that of the profile's system. */
function bootLoaderLine(style: Style, { bootLoader, ...host }: HostNow): string[] {
  const { name, once, byDefault } = bootLoader;
  const isPlain = once === null && (byDefault === null || byDefault === host.profile.toplevel);
  if (name === null || isPlain) return [];
  const known = [host.profile, host.current, host.booted];
  const nameOf = (toplevel: string | null): string =>
    systemName(toplevel, known.find((one) => one.toplevel === toplevel)?.generation ?? null);
  const text =
    once === null
      ? `${name} boots ${nameOf(byDefault)}, not the profile's system`
      : `${name} boots ${nameOf(once)} once, and ${nameOf(byDefault)} from then on`;
  return wrap(style, printable(text), style.width - 2).map((line) => `  ${line}`);
}

const DETAIL = { title: "", shrink: "middle" } as const;

function describe(style: Style, { toplevel, generation, version }: SystemNow): string[] {
  if (toplevel === null) return ["unknown", "nothing that resolves"];
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
