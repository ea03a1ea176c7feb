import * as v from "valibot";
import { type Config, configSchema } from "./config.ts";
import { NONSENSE } from "./nonsense/nonsense.ts";

/**
 * Settings that are right one by one and cannot be meant together. A finalization that is scheduled
 * already is not held to them: see `parseRecordedConfig`.
 */

/** Each item that is listed more than once. */
function repeated<Item>(items: readonly Item[]): Item[] {
  // The schema has put the keys of each item in one order.
  const groups = [...Map.groupBy(items, (item) => JSON.stringify(item)).values()];
  return groups.flatMap((group) => (group.length > 1 ? group.slice(0, 1) : []));
}

function isRepeatedIn(items: readonly unknown[]): boolean {
  return repeated(items).length > 0;
}

function namesOf(entries: readonly { readonly name?: string }[]): string[] {
  return entries.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

type Awaited = Pick<
  Config["waitFor"],
  "session" | "runners" | "units" | "commands" | "alerts" | "storage"
>;

type Held = Pick<Config["hooks"][number], "before" | "onFailure">;

/** Whether there is a gate, or a hook that holds the act, at whose time limit it could proceed. */
function waitsForSomething(
  { session, alerts, ...lists }: Awaited,
  hooks: readonly Held[],
): boolean {
  const { runners, units, commands, storage } = lists;
  const isListed = [runners, units, commands, storage].some((list) => list.length > 0);
  const isHeld = hooks.some(({ before, onFailure }) => before !== null && onFailure === "hold");
  return session || alerts !== null || isListed || isHeld;
}

/** The keys that lead to a setting, for an issue about it. */
function pathTo(config: object, key: string): [v.IssuePathItem, ...v.IssuePathItem[]] {
  const [first = key, ...rest] = key.split(".");
  const begin = pathItem(config, first);
  const more: v.IssuePathItem[] = [];
  for (const name of rest) more.push(pathItem(Object((more.at(-1) ?? begin).value), name));
  return [begin, ...more];
}

function pathItem(input: object, key: string): v.IssuePathItem {
  const value: unknown = Reflect.get(input, key);
  return { type: "object", origin: "value", input: { ...input }, key, value };
}

/** A configuration file whose settings go together. */
export const consistentConfigSchema = v.pipe(
  configSchema,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const config = dataset.value;
    for (const { key, why } of NONSENSE) {
      const message = why(config);
      if (message !== null) addIssue({ message, path: pathTo(config, key) });
    }
  }),
  v.forward(
    v.partialCheck(
      [["rebootWhenChanged"]],
      ({ rebootWhenChanged }) => !isRepeatedIn(rebootWhenChanged),
      ({ input }) =>
        `names ${repeated(input.rebootWhenChanged).join(", ")} more than once. Remove the others`,
    ),
    ["rebootWhenChanged"],
  ),
  v.forward(
    v.partialCheck(
      [["waitFor", "runners"]],
      ({ waitFor }) => !isRepeatedIn(waitFor.runners),
      ({ input }) => {
        const units = repeated(input.waitFor.runners).map(({ unit }) => unit);
        return `has the same entry more than once, for ${units.join(", ")}. Remove the others`;
      },
    ),
    ["waitFor", "runners"],
  ),
  v.forward(
    v.partialCheck(
      [
        ["waitFor", "session"],
        ["waitFor", "runners"],
        ["waitFor", "units"],
        ["waitFor", "commands"],
        ["waitFor", "alerts"],
        ["waitFor", "storage"],
        ["waitFor", "onTimeout"],
        ["hooks"],
      ],
      ({ waitFor, hooks }) => waitFor.onTimeout !== "proceed" || waitsForSomething(waitFor, hooks),
      'is "proceed", but nothing is waited for. Set waitFor.session to true, name a runner in waitFor.runners or a unit in waitFor.units, or leave it out',
    ),
    ["waitFor", "onTimeout"],
  ),
  v.forward(
    v.partialCheck(
      [["waitFor", "commands"]],
      ({ waitFor }) => !isRepeatedIn(namesOf(waitFor.commands)),
      ({ input }) =>
        `several commands are named ${repeated(namesOf(input.waitFor.commands)).join(", ")}. Give each its own name`,
    ),
    ["waitFor", "commands"],
  ),
  v.forward(
    v.partialCheck(
      [["verify", "checks"]],
      ({ verify }) => !isRepeatedIn(namesOf(verify.checks)),
      ({ input }) =>
        `several checks are named ${repeated(namesOf(input.verify.checks)).join(", ")}. Give each its own name`,
    ),
    ["verify", "checks"],
  ),
  v.forward(
    v.partialCheck(
      [["verify", "checks"]],
      ({ verify }) => !isRepeatedIn(verify.checks),
      "has the same check more than once. Remove the others",
    ),
    ["verify", "checks"],
  ),
  v.forward(
    v.partialCheck(
      [["hooks"]],
      ({ hooks }) => !isRepeatedIn(namesOf(hooks)),
      ({ input }) =>
        `several hooks are named ${repeated(namesOf(input.hooks)).join(", ")}. Give each its own name`,
    ),
    ["hooks"],
  ),
  v.forward(
    v.partialCheck(
      [
        ["verify", "confirm"],
        ["rollback", "enable"],
      ],
      ({ verify, rollback }) => verify.confirm === null || rollback.enable,
      "rolls back if nobody confirms, but rollback.enable is false. Set rollback.enable to true, or verify.confirm to null",
    ),
    ["verify", "confirm"],
  ),
  v.forward(
    v.partialCheck(
      [
        ["reboot", "window"],
        ["reboot", "allow"],
      ],
      ({ reboot }) => reboot.window === null || reboot.allow,
      "is set, but reboot.allow is false: a reboot window without reboots. Remove one of them",
    ),
    ["reboot", "window"],
  ),
  v.forward(
    v.partialCheck(
      [
        ["reboot", "method"],
        ["reboot", "allow"],
      ],
      ({ reboot }) => reboot.method === "reboot" || reboot.allow,
      'is "kexec", but reboot.allow is false. Remove one of them',
    ),
    ["reboot", "method"],
  ),
);
