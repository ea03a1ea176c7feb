/** A room of `src/`: files that belong together. A path ends with `/`, or names one file. */
export interface Room {
  readonly path: string;
  readonly holds: string;
}

/**
 * The rooms of `src/`, top to bottom. A file imports only from its own room or from rooms below
 * it; a file belongs to the room with the longest path that it starts with.
 */
export const ROOMS: readonly Room[] = [
  {
    path: "main.ts",
    holds: "the process: arguments, streams, signals, exit code; nothing else touches `process`",
  },
  {
    path: "cli/",
    holds:
      "one file per command in `commands/`: parse, call, print; `compose.ts` makes the host that the commands use",
  },
  { path: "view/", holds: "screens and texts, pure" },
  { path: "explain/", holds: "what a finalization would do now, and why" },
  {
    path: "finalize/",
    holds:
      "the use cases: schedule, run, resume, wait, act, verify, roll back; the interpreter of the state machine's effects",
  },
  { path: "gates/", holds: "what a finalization waits for before it acts, one file per kind" },
  { path: "checks/", holds: "what must hold after the act" },
  {
    path: "report/",
    holds:
      "reports to forges, people and monitoring, and their outbox; one file per receiver in `receivers/`",
  },
  { path: "forge/", holds: "what the forges have in common: addresses, tokens, jobs" },
  { path: "fleet/", holds: "the fleet lock and its slots; the rollouts of a fleet in `rollouts/`" },
  { path: "boot/", holds: "boot loaders, one-shot boot, the boot default, reboot methods" },
  { path: "state-dir/", holds: "records, pins, requests, locks, notices" },
  { path: "host/nixos/", holds: "toplevels, profiles, activation" },
  {
    path: "host/systemd/",
    holds: "units, timers, journal, logind; every argument list is made in a `commands.ts`",
  },
  { path: "host/network/", holds: "HTTP and the sockets of container engines" },
  {
    path: "host/process/",
    holds: "the spawner, file locks, pauses, the clock and the host as the edges see it",
  },
  { path: "host/files/", holds: "durable files, paths, `/proc` and control groups" },
  { path: "json/", holds: "the published schemas of `--json`" },
  { path: "core/machine/", holds: "the state machine" },
  { path: "core/record/", holds: "the record of a finalization and what follows from it" },
  { path: "core/config/", holds: "the configuration and its schema" },
  { path: "core/decision/", holds: "switch or reboot" },
  { path: "core/", holds: "small words that every room uses: refusals, outcomes, states, spans" },
];

/** A folder with more files than this is crowded. */
export const MOST_FILES = 15;

/** The room of a file of `src/`, as its place in the list; -1 for a file that has none. */
export function roomOf(file: string): number {
  const fits = ROOMS.filter(
    ({ path }) => file === path || (path.endsWith("/") && file.startsWith(path)),
  );
  const longest = fits.toSorted((a, b) => b.path.length - a.path.length)[0];
  return longest === undefined ? -1 : ROOMS.indexOf(longest);
}

/** The relative imports of a file: static, dynamic and of types. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path = ""]) => path);
}

/**
 * Each import that goes up, as "A → B: B stands above A".
 *
 * @param files the text of each file of `src/`, by its path below `src/`
 */
export function upwardImports(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) =>
    importsOf(text)
      .map((path) => new URL(path, `file:///${file}`).pathname.slice(1))
      .filter((imported) => roomOf(imported) < roomOf(file))
      .map((imported) => `${file} → ${imported}: ${imported} stands above ${file}`),
  );
}

/** The table of ARCHITECTURE.md. */
export function roomTable(): string {
  const rows = ROOMS.map(({ path, holds }) => `| \`src/${path}\` | ${holds} |`);
  return ["| room | holds |", "|---|---|", ...rows].join("\n");
}
