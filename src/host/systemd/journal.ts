import { formatEntry, type JournalEntry } from "../../core/record/journal-entry.ts";
import type { Announcer } from "../process/host.ts";
import { describeEnd, type Spawn } from "../process/spawn.ts";
import * as commands from "./commands.ts";

/** Whether stderr is the journal. */
export type Narration = "journal" | "elsewhere";

/** The time limit for writing an entry. */
const DEADLINE_MS = 2000;

/**
 * Writes entries with additional fields through logger(1), because the journal reads a datagram socket,
 * which Node does not support. After the first failure it writes no more entries and prints the
 * messages on stderr instead.
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
    if (this.#isUsable) await this.leave(entry);
    if (narration === "journal" && !this.#isUsable) this.#say(entry.message);
  };

  leave = async (entry: JournalEntry): Promise<void> => {
    const how = { input: formatEntry(entry), timeoutMs: this.#deadlineMs };
    const ended = await this.#spawn(commands.writeJournal(), how);
    if (ended.exitCode === 0) return;
    this.#isUsable = false;
    this.#say(`cannot write to the journal: ${describeEnd(ended)}`);
  };
}

/**
 * Whether stderr is the journal: JOURNAL_STREAM names the file that systemd opened, and a shell in
 * between may have redirected stderr.
 *
 * @param stderr device and inode
 */
export function narrationOf(
  journalStream: string | undefined,
  stderr: { readonly dev: number; readonly ino: number },
): Narration {
  return journalStream === `${stderr.dev}:${stderr.ino}` ? "journal" : "elsewhere";
}
