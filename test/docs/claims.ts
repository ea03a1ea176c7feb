/** A statement of a page, and what shows that it is so. */
export interface Claim {
  readonly statement: string;
  readonly shownBy:
    | { readonly kind: "test"; readonly file: string; readonly name: string }
    | { readonly kind: "nothing"; readonly why: string };
}

/** The claims of docs/claims.md by the path of the page. */
export function claimsOf(text: string): ReadonlyMap<string, readonly Claim[]> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [path = ""] = part.split("\n");
      const rows = part.split("\n").filter((line) => /^\| (?!statement \|)/.test(line));
      return [path, rows.map(claimIn)];
    }),
  );
}

function claimIn(row: string): Claim {
  const [, statement = "", cell = ""] = /^\| (.*?) \| (.*) \|$/.exec(row) ?? [];
  const [, why] = /^not tested: (.+)$/.exec(cell) ?? [];
  if (why !== undefined) return { statement, shownBy: { kind: "nothing", why } };
  const [, file, name = ""] = /^\[[^\]]+\]\(\.\.\/(test\/[^)]+)\)(?:: (.+))?$/.exec(cell) ?? [];
  if (file === undefined) throw new Error(`no statement with its test: ${row}`);
  return { statement, shownBy: { kind: "test", file, name } };
}

/** A paragraph, an item of a list, or a table, on one line. */
export interface Block {
  readonly heading: string;
  readonly text: string;
}

/** The blocks of a page, without its code. */
export function blocksOf(page: string): Block[] {
  const prose = page.replaceAll(/^( *)```.*?^\1```$/gms, "\n").replaceAll(/<!--.*?-->/gs, "");
  const blocks: { heading: string; kind: "table" | "text"; text: string }[] = [];
  let heading = "";
  let isOpen = false;
  for (const line of prose.split("\n")) {
    const [, title] = /^#+ (.*)$/.exec(line) ?? [];
    const kind = line.trimStart().startsWith("|") ? "table" : "text";
    const last = blocks.at(-1);
    const begins = /^\s*([-*]|\d+\.) /.test(line) || last?.kind !== kind;
    if (title !== undefined) heading = title;
    else if (line.trim() !== "" && isOpen && !begins && last !== undefined) {
      last.text += ` ${line}`;
    } else if (line.trim() !== "") blocks.push({ heading, kind, text: line });
    isOpen = title === undefined && line.trim() !== "";
  }
  return blocks.map(({ text, ...block }) => ({
    heading: block.heading,
    text: text.replaceAll(/\s+/g, " ").trim(),
  }));
}

/** Blocks that state nothing: whom a page is for, pictures, what leads to code, steps, addresses, and pointers. */
const STATES_NOTHING = [/^For /, /^!\[/, /:$/, /^- (Do|Look): /, /^\[[\w-]+\]: https:/];

function statesSomething({ text }: Block): boolean {
  if (STATES_NOTHING.some((pattern) => pattern.test(text))) return false;
  const withoutLinks = text.replaceAll(/\[[^\]]*\]\([^)]*\)/g, "");
  const isPointer = withoutLinks !== text && withoutLinks.replaceAll(/[\W\d]/g, "").length < 45;
  return !isPointer;
}

/** A statement that is a heading stands for all of its section. */
function isAbout({ statement }: Claim, { heading, text }: Block): boolean {
  return heading === statement || text.includes(statement);
}

/** The blocks that state something, and that no claim is about. */
export function unclaimed(blocks: readonly Block[], claims: readonly Claim[]): Block[] {
  return blocks.filter(
    (block) => statesSomething(block) && !claims.some((claim) => isAbout(claim, block)),
  );
}

/** The claims that are about nothing on the page any more. */
export function gone(blocks: readonly Block[], claims: readonly Claim[]): Claim[] {
  return claims.filter((claim) => !blocks.some((block) => isAbout(claim, block)));
}
