import { quoted } from "../core/answer.ts";
import { messageOf } from "../core/refusal.ts";
import { confirm, groupByUnit, type Suspect, suspectsAmong } from "../core/old-code/judge.ts";
import {
  argumentsOf,
  devicesOf,
  mappedCode,
  type ProcessSeen,
  scriptOf,
  storePathOf,
} from "../core/old-code/processes.ts";
import type { OldCode } from "../core/old-code/schema.ts";
import { whyNotRestarted } from "../core/old-code/unit-settings.ts";
import {
  grepArguments,
  grepMaps,
  inRootOf,
  listProcesses,
  statStorePaths,
} from "../host/files/processes.ts";
import { closureOf } from "../host/nixos/closure.ts";
import { generations } from "../host/nixos/profile.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import { unitTexts } from "../host/nixos/unit-texts.ts";
import type { Host } from "../host/process/host.ts";
import { describeEnd } from "../host/process/spawn.ts";
import { showProperties } from "../host/systemd/commands.ts";
import { parseProperties } from "../host/systemd/units.ts";
import { userNameOf } from "../host/systemd/logind/sessions.ts";

/** The systems that may have left processes behind. */
export interface Systems {
  readonly profile: string;
  /** The toplevel that ran before the act; null if there was none. */
  readonly before: string | null;
}

/** All of it together; what takes longer is unknown. */
const MOST_MS = 5000;
const MOST_PROCESSES = 10_000;
const MOST_GENERATIONS = 30;
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Which units still run code that the running system does not have. Takes five seconds at most
 * and never fails: what cannot be examined is unknown, with the reason.
 */
export async function findOldCode(
  host: Host,
  systems: Systems,
  stop: AbortSignal,
  mostMs = MOST_MS,
): Promise<OldCode> {
  const over = AbortSignal.timeout(mostMs);
  try {
    return await examine(host, systems, AbortSignal.any([stop, over]));
  } catch (error) {
    const why = over.aborted ? `it took longer than ${mostMs / 1000} s` : messageOf(error);
    return { kind: "unknown", why: quoted(why) };
  }
}

async function examine(host: Host, systems: Systems, signal: AbortSignal): Promise<OldCode> {
  const running = toplevelAt(host.paths.currentSystem);
  if (running === null) throw new Error("the running system is unknown");
  const processes = listProcesses(host.paths).filter(({ program }) => program !== null);
  if (processes.length > MOST_PROCESSES) {
    throw new Error(`there are more than ${MOST_PROCESSES} processes`);
  }
  const [closure, codeOf] = await Promise.all([
    closureOf(host, [running], signal),
    readCode(host, processes, signal),
  ]);
  const suspects = suspectsAmong(processes, codeOf, closure);
  const found = suspects.length === 0 ? [] : await confirmed(host, systems, suspects, signal);
  return groupByUnit(found, {
    userName: (userId) => userNameOf(host.paths, userId),
    whyNotRestarted: (unit) =>
      whyNotRestarted(
        systems.before === null ? null : unitTexts(systems.before, UNITS, unit),
        unitTexts(running, UNITS, unit),
      ),
  });
}

const UNITS = "etc/systemd/system";

/** Reads which code each process runs: its program, its libraries, and its script. */
async function readCode(
  host: Host,
  processes: readonly ProcessSeen[],
  signal: AbortSignal,
): Promise<(process: ProcessSeen) => string[]> {
  const ids = processes.map(({ id }) => id);
  const [maps, words] = await Promise.all([
    output(host, grepMaps(host.paths, ids), signal),
    output(host, grepArguments(host.paths, ids), signal),
  ]);
  const mapped = mappedCode(maps);
  const given = argumentsOf(words);
  return ({ id, program }) => {
    const own =
      program === null ? [] : [storePathOf(program), scriptOf(program, given.get(id) ?? [])];
    return [...new Set([...own.filter((path) => path !== null), ...(mapped.get(id) ?? [])])];
  };
}

/** The suspects whose code belonged to an earlier system, and is in the store of this host. */
async function confirmed(
  host: Host,
  { profile, before }: Systems,
  suspects: readonly Suspect[],
  signal: AbortSignal,
): Promise<Suspect[]> {
  const newest = generations(profile).toSorted((a, b) => b.number - a.number);
  const links = newest.slice(0, MOST_GENERATIONS).map(({ link }) => toplevelAt(link));
  const known = [before, toplevelAt(host.paths.bootedSystem), ...links];
  const earlier = [...new Set(known.filter((toplevel) => toplevel !== null))];
  const [closure, mainProcesses] = await Promise.all([
    closureOf(host, earlier, signal),
    mainProcessesOf(host, suspects, signal),
  ]);
  const old = confirm(suspects, { earlier: closure, mainProcesses });
  return await ofThisStore(host, old, signal);
}

async function mainProcessesOf(
  host: Host,
  suspects: readonly Suspect[],
  signal: AbortSignal,
): Promise<Set<number>> {
  const running = host.paths.currentSystem;
  const units = suspects.flatMap(({ place }) => (place.kind === "unit" ? [place.unit] : []));
  const configured = [...new Set(units)].filter((unit) => unitTexts(running, UNITS, unit) !== null);
  if (configured.length === 0) return new Set();
  const text = await output(host, showProperties(["MainPID"], configured), signal);
  return new Set(parseProperties(text).map((unit) => Number(unit["MainPID"] ?? 0)));
}

/** A container may have other files below /nix/store, by the same names. */
async function ofThisStore(
  host: Host,
  found: readonly Suspect[],
  signal: AbortSignal,
): Promise<Suspect[]> {
  const first = found.flatMap(({ id, paths: [path] }) =>
    path === undefined ? [] : [{ id, path }],
  );
  if (first.length === 0) return [];
  const text = await output(host, statStorePaths(host.paths, first), signal);
  const places = devicesOf(text);
  return found.filter(({ id, paths: [path = ""] }) => {
    const theirs = places.get(inRootOf(host.paths, id, path));
    return theirs === undefined || theirs === places.get(path);
  });
}

/**
 * What a program prints. Its exit code is of no interest, because processes end meanwhile.
 *
 * @throws Error if it could not run to its end, or prints far too much
 */
async function output(host: Host, argv: readonly string[], signal: AbortSignal): Promise<string> {
  let size = 0;
  const flood = new AbortController();
  const ended = await host.spawn(argv, {
    signal: AbortSignal.any([signal, flood.signal]),
    onOutput: (text) => {
      size += text.length;
      if (size > MOST_OUTPUT) flood.abort();
    },
  });
  if (ended.exitCode === null) throw new Error(describeEnd({ ...ended, stdout: "", stderr: "" }));
  return ended.stdout;
}
