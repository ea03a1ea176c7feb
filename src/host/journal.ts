import { formatEntry, type JournalEntry } from "../core/journal-entry.ts";
import { describeEnd, type Ended, type Spawn } from "./spawn.ts";
import * as commands from "./systemd-commands.ts";

/** Where the lines on stderr end up. */
export type Narration = "journal" | "elsewhere";

/** Tells of an event. Never fails, and never keeps a finalization up: see `Journal`. */
export interface Announcer {
  /** On stderr for whoever looks on, and in the journal; once where stderr is the journal. */
  readonly announce: (entry: JournalEntry) => Promise<void>;
  /**
   * In the journal alone, and by the quickest way: for `schedule`, and for what is told on
   * stderr by other means.
   */
  readonly leave: (entry: JournalEntry) => Promise<void>;
}

/** A journal that takes nothing for this long does not keep a finalization any longer. */
const DEADLINE_MS = 2000;

/**
 * Writes entries with fields of their own, by logger(1): the journal takes them from a
 * datagram socket, which Node does not have. After the first one that cannot be written
 * no other is tried; what would be in them is narrated.
 */
export class Journal implements Announcer {
  readonly #spawn: Spawn;
  readonly #say: (line: string) => void;
  readonly #narration: () => Narration;
  readonly #deadlineMs: number;
  #isUsable = true;

  constructor(
    spawn: Spawn,
    say: (line: string) => void,
    narration: () => Narration,
    deadlineMs = DEADLINE_MS,
  ) {
    this.#spawn = spawn;
    this.#say = say;
    this.#narration = narration;
    this.#deadlineMs = deadlineMs;
  }

  announce = async (entry: JournalEntry): Promise<void> => {
    const narration = this.#narration();
    if (narration === "elsewhere") this.#say(entry.message);
    if (this.#isUsable) await this.#write(entry);
    if (narration === "journal" && !this.#isUsable) this.#say(entry.message);
  };

  leave = async (entry: JournalEntry): Promise<void> => {
    const how = {
      input: formatEntry(entry),
      wait: "blocking",
      timeoutMs: this.#deadlineMs,
    } as const;
    this.#judge(await this.#spawn(commands.writeJournal(), how));
  };

  async #write(entry: JournalEntry): Promise<void> {
    const signal = AbortSignal.timeout(this.#deadlineMs);
    this.#judge(await this.#spawn(commands.writeJournal(), { input: formatEntry(entry), signal }));
  }

  #judge(ended: Ended): void {
    if (ended.exitCode === 0) return;
    this.#isUsable = false;
    this.#say(`cannot write to the journal: ${describeEnd(ended)}`);
  }
}

/**
 * Whether stderr is the journal: systemd tells in JOURNAL_STREAM which file it made of it,
 * and a shell in between may have put another one in its place.
 *
 * @param stderr device and inode
 */
export function narrationOf(
  journalStream: string | undefined,
  stderr: { readonly dev: number; readonly ino: number },
): Narration {
  return journalStream === `${stderr.dev}:${stderr.ino}` ? "journal" : "elsewhere";
}
