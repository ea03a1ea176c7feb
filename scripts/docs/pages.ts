import { bashCompletion } from "./bash.ts";
import { commandsPage } from "./commands.ts";
import { fishCompletion } from "./fish.ts";
import { jsonPage, jsonSchemas } from "./json.ts";
import { architecturePage } from "./machine.ts";
import { manPage } from "./man.ts";
import { outline, theProgram } from "./outline.ts";
import { testedWithPage } from "./tested-with.ts";
import { runbookPage, withRunbook } from "./runbook.ts";
import { zshCompletion } from "./zsh.ts";

export const MAN_PAGE = "man/deploy-finalize.8.scd";

/**
 * Every file that is made from the program, by its path in the repository.
 *
 * @param read the text of a file that is made in part
 */
export function generatedFiles(read: (path: string) => string): Map<string, string> {
  const program = outline(theProgram());
  return new Map([
    ["ARCHITECTURE.md", architecturePage(read("ARCHITECTURE.md"))],
    ["contrib/completions/deploy-finalize.bash", bashCompletion(program)],
    ["contrib/completions/deploy-finalize.zsh", zshCompletion(program)],
    ["contrib/completions/deploy-finalize.fish", fishCompletion(program)],
    [MAN_PAGE, withRunbook(manPage(read(MAN_PAGE), program))],
    ["docs/runbook.md", runbookPage()],
    ["docs/commands.md", commandsPage(program)],
    ["docs/json.md", jsonPage()],
    ["docs/tested-with.md", testedWithPage()],
    ...[...jsonSchemas()].map(([name, text]) => [`docs/schema/${name}`, text] as const),
  ]);
}
