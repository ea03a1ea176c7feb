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

/** A part of a page below one heading, without its code, on one line. */
export interface Section {
  readonly heading: string;
  readonly prose: string;
}

export function sectionsOf(page: string): Section[] {
  const text = page.replaceAll(/^( *)```.*?^\1```$/gms, "").replaceAll(/<!--.*?-->/gs, "");
  return text
    .split(/^#+ /m)
    .slice(1)
    .map((part) => {
      const [heading = "", ...lines] = part.split("\n");
      return { heading, prose: lines.join(" ").replaceAll(/\s+/g, " ").trim() };
    });
}

/** The headings of sections that say something, and of which no claim is a part. */
export function missingSections(sections: readonly Section[], claims: readonly Claim[]): string[] {
  return sections
    .filter(({ prose }) => prose !== "")
    .filter(
      ({ heading, prose }) =>
        !claims.some(({ statement }) => heading === statement || prose.includes(statement)),
    )
    .map(({ heading }) => heading);
}
