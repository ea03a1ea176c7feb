/** A process as `/proc` shows it. All texts are foreign: the process chooses most of them. */
export interface ProcessSeen {
  readonly id: number;
  /** Whose process it is; null if that is unknown. */
  readonly userId: number | null;
  /** The text of `cgroup`. */
  readonly groups: string;
  /** Where the link `exe` leads; null for a kernel thread. */
  readonly program: string | null;
}

/** proc_pid_maps(5): a mapping that may be executed, of a file in the store. */
const MAPPING =
  /^\S*?\/(\d{1,10})\/maps:[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ \d+ +(\/.*)$/;

/** The hash and the name of a store path, which never have a character that a terminal minds. */
const STORE_PATH = /^\/nix\/store\/[0-9a-z]{32}-[0-9A-Za-z+\-._?=]{1,211}(?=\/|$)/;

/** The store path of a file; null if it lies elsewhere. */
export function storePathOf(file: string): string | null {
  return STORE_PATH.exec(file.replace(/ \(deleted\)$/, ""))?.[0] ?? null;
}

/** What `grep` finds in the `maps` of processes: the store paths of the code of each one. */
export function mappedCode(text: string): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const line of text.split("\n")) {
    const [, id, file = ""] = MAPPING.exec(line) ?? [];
    const path = storePathOf(file);
    if (id !== undefined && path !== null) addTo(found, Number(id), path);
  }
  return found;
}

/** One argument of a process: `/proc/12/cmdline:2:/nix/store/…`. */
const ARGUMENT = /^\S*?\/(\d{1,10})\/cmdline:(\d+):([^]*)$/;

/** What `grep --null-data` finds in the `cmdline` of processes: the arguments of each one. */
export function argumentsOf(text: string): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const piece of text.split("\0")) {
    const [, id, , argument] = ARGUMENT.exec(piece) ?? [];
    if (id === undefined || argument === undefined) continue;
    const known = found.get(Number(id));
    if (known === undefined) found.set(Number(id), [argument]);
    else known.push(argument);
  }
  return found;
}

/** What `stat --format="%d:%i %n"` prints of files: device and inode of each one. */
export function devicesOf(text: string): Map<string, string> {
  const lines = text.split("\n").map((line) => /^(\d+:\d+) (.*)$/.exec(line) ?? []);
  return new Map(lines.map(([, place = "", file = ""]) => [file, place]));
}

const INTERPRETER =
  /^\.?(bash|dash|sh|zsh|fish|ksh|python|perl|ruby|node|php|lua|guile|tclsh|java|Rscript|R)[\d.]*(-wrapped)?$/;

/** The store path of the script that an interpreter runs; null if it runs none from the store. */
export function scriptOf(program: string, words: readonly string[]): string | null {
  const name = program.slice(program.lastIndexOf("/") + 1);
  if (!INTERPRETER.test(name)) return null;
  const script = words.slice(1).find((word) => !word.startsWith("-"));
  return script === undefined ? null : storePathOf(script);
}

function addTo(found: Map<number, Set<string>>, id: number, path: string): void {
  const known = found.get(id);
  if (known === undefined) found.set(id, new Set([path]));
  else known.add(path);
}
