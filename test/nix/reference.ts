import { isOwn, type Option } from "./option-types.ts";

const HEAD = `# Options of the NixOS module

<!-- Made of nix/module/ by \`sh scripts/options-reference\`. -->

For administrators who look up the name, the type or the default of an option of \`services.deployFinalize\`. What a
setting does to a deploy is said once, on the page that each part names. \`*\` stands for an entry of a list,
\`<name>\` for the name of an entry. In the JSON file, named entries are a list.
`;

/** Where the settings of a group are explained; the others are in the first table of settings.md. */
const EXPLAINED: Readonly<Record<string, string>> = {
  fleet: "settings.md#rollouts-of-a-fleet-fleet",
  lock: "settings.md#fleet-lock-lock",
  proxy: "settings.md#proxies-proxy",
  report: "reports.md",
};

const OWN_GROUP = "Only in the module";

/** docs/options.md, from the options as the module declares them. */
export function optionsReference(options: readonly Option[]): string {
  const shown = options.filter(({ isInternal }) => !isInternal);
  const groups = Map.groupBy(shown, groupOf);
  const names = [...groups.keys()].toSorted();
  const contents = names.map((name) => `- [${titleOf(name)}](#${anchorOf(name)})`);
  const parts = names.map((name) => partOf(name, groups.get(name) ?? []));
  return [HEAD, `${contents.join("\n")}\n`, ...parts].join("\n");
}

function groupOf(option: Option): string {
  const [first = ""] = option.path;
  if (isOwn(option)) return OWN_GROUP;
  return option.path.length > 1 || first === "lock" || first === "fleet" ? first : "General";
}

function titleOf(group: string): string {
  return /^[a-z]/.test(group) ? `\`${group}\`` : group;
}

function anchorOf(group: string): string {
  return group.toLowerCase().replaceAll(" ", "-");
}

function partOf(group: string, options: readonly Option[]): string {
  if (group === OWN_GROUP) return [`## ${group}\n`, ...options.map(described)].join("\n");
  const rows = options.map(({ path, type, default: byDefault, example }) =>
    [
      `\`${path.join(".")}\``,
      type.description.replaceAll(/[*<]/g, "\\$&"),
      byDefault ?? "has to be set",
      example ?? "",
    ].map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")),
  );
  return [
    `## ${titleOf(group)}\n`,
    `What they do: [${EXPLAINED[group] ?? "settings.md"}](${EXPLAINED[group] ?? "settings.md"}).\n`,
    "| option | type | default | example |",
    "|---|---|---|---|",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
  ].join("\n");
}

function described({ path, description, type, default: byDefault, example }: Option): string {
  return [
    `### \`${path.join(".")}\`\n`,
    `${(description ?? "").trim()}\n`,
    `- Type: ${type.description.replaceAll(/[*<]/g, "\\$&")}`,
    `- Default: ${byDefault ?? "none, it has to be set"}`,
    ...(example === null ? [] : [`- Example: ${example}`]),
    "",
  ].join("\n");
}
