import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const repository = join(import.meta.dirname, "../..");

/** A text for people, by its path in the repository. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

const FOLDERS = ["", "docs", "docs/journeys", "man", "templates", "notes"];

/** Everything that people read: pages in Markdown, the man page, the journal's catalogue. */
export function documents(): Document[] {
  const pages = FOLDERS.flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: folder === "templates", encoding: "utf8" })
      .filter((name) => /\.(md|scd)$/.test(name))
      .map((name) => join(folder, name)),
  );
  return [...pages, "contrib/deploy-finalize.catalog"].map((path) => ({
    path,
    text: readFileSync(join(repository, path), "utf8"),
  }));
}

/** Command lines of the program that a text shows: in blocks for a shell, in backticks, in the catalogue. */
export function commandLines({ path, text }: Document): string[] {
  return shownToType({ path, text })
    .flatMap((piece) => piece.split(/\n|&&|\|\||[|;()"']/))
    .map((line) => line.replace(/ # .*$/, "").replaceAll(/ \d?>+&?\S+/g, ""))
    .flatMap((line) => CALL.exec(line)?.[1]?.trim() ?? []);
}

/** After a prompt, or after what runs it somewhere else. */
const CALL =
  /^\s*(?:[#$] )?(?:.*(?:ssh \S+|sudo|exec(?: .*--)?|NOPASSWD:|until|-p \S+) )?(?:[\w/.$-]*\/)?deploy-finalize((?: .*)?)$/;

function shownToType({ path, text }: Document): string[] {
  if (path.endsWith(".catalog")) {
    return [...text.matchAll(/^[A-Z][^:\n]*: {1,}(deploy-finalize .*)$/gm)].map(
      ([, line = ""]) => line,
    );
  }
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)];
  const shells = path.endsWith(".scd") ? [""] : ["sh", "console"];
  const shell = blocks.filter(([, language = ""]) => shells.includes(language));
  const prose = text.replaceAll(/^```.*?^```/gms, "");
  const inline = [...prose.matchAll(/`(deploy-finalize(?: [^`\n]+)?)`/g)];
  return [...shell.map(([, , block = ""]) => block), ...inline.map(([, code = ""]) => code)];
}

/** The loops that wait over a reboot, by the path of the page, as they are typed. */
export function waitingLoops(pages: readonly Document[]): { path: string; loop: string }[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^( *)\(\n +until ssh [^\n]*\n.*?^\1\)$/gms)].map(([loop, indent = ""]) => ({
      path,
      loop: loop.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    })),
  );
}
