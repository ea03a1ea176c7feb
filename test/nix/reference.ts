import { relative } from "node:path";
import { repository } from "../test-host/paths.ts";
import type { Option } from "./option-types.ts";

const HEAD = `# Options of the NixOS module

<!-- Made of nix/module/ by \`sh scripts/options-reference\`. -->

What \`services.deployFinalize\` of [nix/module.nix](../nix/module.nix) takes. What each setting does to a
deploy: [settings.md](settings.md). \`*\` stands for an entry of a list.
`;

/** docs/options.md, from the options as the module declares them. */
export function optionsReference(options: readonly Option[]): string {
  const shown = options.filter(({ isInternal }) => !isInternal);
  return [HEAD, ...shown.map((option) => entry(option))].join("\n");
}

function entry({
  name,
  description,
  type,
  default: byDefault,
  example,
  declarations,
}: Option): string {
  return [
    `## \`${name}\`\n`,
    `${(description ?? "").trim()}\n`,
    `- Type: ${type.description.replaceAll(/[*<]/g, "\\$&")}`,
    `- Default: ${byDefault ?? "none, it has to be set"}`,
    ...(example === null ? [] : [`- Example: ${example}`]),
    ...declarations.filter((file) => file.startsWith(repository)).map(declaredIn),
    "",
  ].join("\n");
}

function declaredIn(file: string): string {
  const name = relative(repository, file);
  return `- Declared in [${name}](../${name})`;
}
