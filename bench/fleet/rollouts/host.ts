import { newIdAfter } from "../../../src/core/record/id.ts";
import { pauseMs } from "../../../src/fleet/holder.ts";
import type { RolloutServer, Self, Told } from "../../../src/fleet/rollouts/rollout-server.ts";
import { Crash, crashingServer } from "./crashes.ts";
import type { Finalization, HostSettings, Revision, World } from "./terms.ts";

const RESTART_MS = 20;

/** The moment at which the simulation begins. */
const BEGIN_MS = Date.UTC(2026, 10, 22, 21, 30);

/**
 * A simulated host that takes part in rollouts: what it asks and tells, and when, is what the program
 * asks and tells. Its acts and soaks are pauses. It has a disk that survives its crashes.
 */
export class RolloutHost {
  readonly id: string;
  readonly settings: HostSettings;
  readonly #world: World;
  #disk: Finalization | null = null;
  /** Also on disk: its last finalization has failed. */
  #keepsSlot = false;
  #next: Revision | null = null;
  #deploys = 0;
  /** The finalization of its newest deploy. */
  #newest: string | null = null;
  /** Its other gates are closed. */
  #isClosed = false;
  #tries = 0;
  /** Ends what a newer deploy may end: a wait, or a soak. */
  #interrupt = new AbortController();
  #isOff = false;
  #isCancelled = false;
  crashes = 0;

  constructor(id: string, settings: HostSettings, world: World) {
    this.id = id;
    this.settings = settings;
    this.#world = world;
  }

  get wave(): number {
    return this.settings.wave;
  }

  /** A deployer brings a revision: it supersedes one that has not begun to act, and ends a soak. */
  deploy(revision: Revision): void {
    this.#next = revision;
    const now = new Date(BEGIN_MS + this.#world.time.now());
    this.#newest = newIdAfter(this.#newest, now, () => 0);
    this.#interrupt.abort();
  }

  /** Its other gates close: it does not ask. */
  close(): void {
    this.#isClosed = true;
  }

  open(): void {
    this.#isClosed = false;
    this.#interrupt.abort();
  }

  /** Somebody cancels its finalization, if it still waits. */
  cancel(): void {
    this.#isCancelled = true;
    this.#interrupt.abort();
  }

  get hasLeft(): boolean {
    return this.#disk?.state === "left";
  }

  switchOff(): void {
    this.#isOff = true;
    this.#interrupt.abort();
  }

  /** Through all crashes, until it is switched off. */
  async run(): Promise<void> {
    while (!this.#isOff) {
      const death = new AbortController();
      try {
        await this.#process(death.signal);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        death.abort();
        this.crashes++;
        await this.#world.time.pause(RESTART_MS);
      }
    }
  }

  /** One process, from its start to its crash. */
  async #process(death: AbortSignal): Promise<void> {
    const crashes = { strikes: this.#strikes, during: this.#world.dies };
    const server = crashingServer(this.#world.server(death), crashes);
    while (!this.#isOff) {
      this.#interrupt = new AbortController();
      const work = this.#takeUp();
      if (work === null || this.#rests(work)) await this.#interrupted();
      else await this.#goOn(server, work);
    }
  }

  /** It has nothing to do before it is interrupted. */
  #rests({ state }: Finalization): boolean {
    return state === "ended" || state === "left" || (state === "waiting" && this.#isClosed);
  }

  #takeUp(): Finalization | null {
    const work = this.#disk;
    const revision = this.#next;
    if (this.#isCancelled) {
      this.#isCancelled = false;
      if (work?.state === "waiting") return this.#save({ ...work, state: "leaving" });
    }
    // One that acts has the turn; one that has failed tells that first.
    if (revision === null || this.#newest === null) return work;
    if (work?.state === "acting" || work?.state === "failing") return work;
    this.#mayCrash();
    this.#next = null;
    const number = ++this.#deploys;
    const begun = { id: this.#newest, number, revision };
    this.#disk = { ...begun, state: "waiting", joinedAt: null, seq: 0, why: "" };
    this.#mayCrash();
    return this.#disk;
  }

  async #goOn(server: RolloutServer, work: Finalization): Promise<void> {
    switch (work.state) {
      case "waiting":
        return await this.#waitToAct(server, work);
      case "acting":
        return await this.#act(work);
      case "soaking":
        return await this.#soak(server, work);
      case "failing":
        return await this.#tell(work, async (self) => {
          return await server.ends(self, { kind: "failed", why: work.why });
        });
      case "proven":
        return await this.#tell(work, async (self) => await server.ends(self, { kind: "live" }));
      case "leaving":
        return await this.#leave(server, work);
      case "ended":
      case "left":
        return;
      default:
        return work.state satisfies never;
    }
  }

  async #waitToAct(server: RolloutServer, work: Finalization): Promise<void> {
    const { oracle, slots } = this.#world;
    const asked = oracle.asks();
    const admission = await server.admit(this.#self(work), this.#waitedSeconds(work));
    oracle.answered(this, work.revision.name, asked, admission);
    if (admission.kind === "unknown") return await this.#pause();
    this.#tries = 0;
    const joined = this.#save({ ...work, joinedAt: work.joinedAt ?? this.#world.time.now() });
    if (admission.kind === "held") {
      if (!this.#keepsSlot) await slots?.giveBack(this.id);
      await server.change(this.#interrupt.signal);
      return;
    }
    if (slots !== null && !slots.has(this.id)) {
      // The last look follows when it has one.
      if (!(await slots.take(this.id))) await this.#pause();
      return;
    }
    if (this.#next !== null || this.#isCancelled || this.#isOff) return;
    const { seq } = admission.rollout;
    this.#mayCrash();
    this.#disk = { ...joined, state: "acting", seq };
    oracle.begins(this, seq);
    this.#mayCrash();
  }

  async #act(work: Finalization): Promise<void> {
    const { time, oracle } = this.#world;
    await time.pause(this.settings.actMs);
    this.#mayCrash();
    const breaks = work.revision.fate(this.id) === "breaks";
    if (breaks) oracle.ends(this, work.seq, "failed");
    this.#keepsSlot ||= breaks;
    this.#save({ ...work, state: breaks ? "failing" : "soaking", why: breaks ? "it broke" : "" });
  }

  async #soak(server: RolloutServer, work: Finalization): Promise<void> {
    const { time, oracle, slots } = this.#world;
    await slots?.giveBack(this.id);
    this.#keepsSlot = false;
    // It is for people only, and nothing waits for it.
    await server.soaks(this.#self(work));
    await time.pause(this.settings.soakMs, this.#interrupt.signal);
    if (this.#next !== null || this.#isOff) return;
    const breaks = work.revision.fate(this.id) === "breaks-in-soak";
    oracle.ends(this, work.seq, breaks ? "failed" : "live");
    this.#save({ ...work, state: breaks ? "failing" : "proven", why: "unhealthy while it soaked" });
  }

  async #leave(server: RolloutServer, work: Finalization): Promise<void> {
    const told = await server.leaves(this.#self(work), "cancelled");
    if (told.kind === "unknown") return await this.#pause();
    this.#save({ ...work, state: "left" });
    this.#world.oracle.left();
  }

  async #tell(work: Finalization, tell: (self: Self) => Promise<Told>): Promise<void> {
    const { oracle } = this.#world;
    const asked = oracle.asks();
    const told = await tell(this.#self(work));
    if (told.kind === "unknown") return await this.#pause();
    this.#tries = 0;
    oracle.told(this, work.revision.name, work.seq, asked, told);
    this.#save({ ...work, state: "ended" });
  }

  #self({ id: finalization, revision, number }: Finalization): Self {
    const { wave, maxFailures, joinWithin, onMissing } = this.settings;
    const own = { id: this.id, host: this.id, finalization, generation: number };
    return { ...own, wave, maxFailures, joinWithin, onMissing, rollout: revision.name };
  }

  #waitedSeconds({ joinedAt }: Finalization): number {
    return joinedAt === null ? 0 : (this.#world.time.now() - joinedAt) / 1000;
  }

  #save(work: Finalization): Finalization {
    this.#mayCrash();
    this.#disk = work;
    this.#mayCrash();
    return work;
  }

  async #pause(): Promise<void> {
    const self = { host: this.id, id: String(this.#deploys) };
    const { retry } = this.settings;
    const tries = this.#tries++;
    await this.#world.time.pause(pauseMs(self, retry, tries, tries), this.#interrupt.signal);
  }

  async #interrupted(): Promise<void> {
    const { signal } = this.#interrupt;
    if (signal.aborted || this.#next !== null) return;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }

  readonly #strikes = (): boolean => !this.#isOff && this.#world.random() < this.settings.crash;

  #mayCrash(): void {
    if (this.#strikes()) throw new Crash();
  }
}
