import type { Rollout } from "../../../src/core/fleet/rollout.ts";
import type { Admission, OperatorAct, Told } from "../../../src/fleet/rollouts/rollout-server.ts";

/** A host as the oracle knows it. */
export interface Subject {
  readonly id: string;
  readonly wave: number;
}

type Ending = "live" | "failed";

interface Ended {
  readonly end: Ending;
  /** False until the group has answered. */
  isTold: boolean;
}

/** What is known of a rollout, by its number in the group. */
interface Course {
  name: string;
  readonly begun: Map<string, Subject>;
  readonly ended: Map<string, Ended>;
  /** When somebody was answered that it is halted; null while it goes on. */
  haltedAt: number | null;
  /** The hosts that told a failure, and were answered, since the last resume. */
  readonly failed: Set<string>;
  most: number;
  readonly mostOfWave: Map<number, number>;
}

/**
 * Watches a fleet from the outside and knows what is true. Its time is the order in which things happen,
 * so that no pause of the machine can make it wrong.
 */
export class Oracle {
  readonly #maxFailures: number;
  #step = 0;
  readonly #courses = new Map<number, Course>();
  /** When a host first was answered: from then on the others have to know it. */
  readonly #known = new Map<string, Subject & { readonly since: number }>();
  readonly #live = new Map<string, string>();
  #newest = { seq: 0, since: 0 };
  #resumed = 0;
  readonly #waits = new Set<() => void>();
  /** Hosts that the others need not wait for: gone without. */
  readonly excused = new Set<string>();
  readonly violations: string[] = [];
  /** How many acts have begun, in all rollouts. */
  acts = 0;

  /** @param maxFailures that of all hosts */
  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures;
  }

  /** A request begins. */
  asks(): number {
    return ++this.#step;
  }

  answered(host: Subject, revision: string, asked: number, admission: Admission): void {
    if (admission.kind === "unknown") return;
    const { rollout } = admission;
    this.registered(host);
    if (admission.kind === "admitted") this.#judge(host, revision, asked, rollout);
    this.#notes(rollout, asked);
    this.#changed();
  }

  /** The group has answered that it knows a host. */
  registered({ id, wave }: Subject): void {
    const since = ++this.#step;
    if (!this.#known.has(id)) this.#known.set(id, { id, wave, since });
  }

  /** Whether the group may have answered so. */
  #judge(host: Subject, revision: string, asked: number, { seq, name, halt }: Rollout): void {
    const who = `${host.id} of wave ${host.wave} was admitted to rollout ${seq}`;
    const { haltedAt, ended } = this.#course(seq);
    if (name !== revision) this.#violated(`${who}, which is not of its revision ${revision}`);
    if (halt !== null) this.#violated(`${who}, which was halted by its own account`);
    if (haltedAt !== null && haltedAt < asked) this.#violated(`${who} after it was halted`);
    if (this.#newest.seq > seq && this.#newest.since < asked) {
      this.#violated(`${who} after rollout ${this.#newest.seq} had begun`);
    }
    for (const { id, wave, since } of this.#known.values()) {
      if (wave >= host.wave || since > asked || this.excused.has(id)) continue;
      if (!ended.has(id)) this.#violated(`${who} before ${id} of wave ${wave} had ended`);
    }
  }

  /** A host begins to act. */
  begins(host: Subject, seq: number): void {
    const course = this.#course(seq);
    course.begun.set(host.id, host);
    this.acts++;
    const underWay = this.#underWay(course);
    course.most = Math.max(course.most, underWay.length);
    const ofWave = underWay.filter(({ wave }) => wave === host.wave).length;
    const { mostOfWave } = course;
    mostOfWave.set(host.wave, Math.max(mostOfWave.get(host.wave) ?? 0, ofWave));
    this.#changed();
  }

  /** A host knows how it has ended, and tells it next. */
  ends({ id }: Subject, seq: number, end: Ending): void {
    const { ended } = this.#course(seq);
    if (!ended.has(id)) ended.set(id, { end, isTold: false });
    this.#changed();
  }

  told({ id }: Subject, revision: string, seq: number, asked: number, told: Told): void {
    if (told.kind === "unknown") return;
    const ended = this.#course(seq).ended.get(id);
    // What is told again after a crash may have been forgiven.
    const isNew = ended?.isTold === false;
    if (ended !== undefined) ended.isTold = true;
    if (ended?.end === "live") this.#live.set(id, revision);
    if (told.kind === "told") {
      if (told.progress !== null) this.#notes(told.progress.rollout, asked);
      if (isNew && ended.end === "failed" && asked > this.#resumed) this.#fails(id, seq);
    }
    this.#changed();
  }

  /** A host does not take part any more. */
  left(): void {
    this.#changed();
  }

  /** So many failures are a halt, whatever the group answers. */
  #fails(id: string, seq: number): void {
    const course = this.#course(seq);
    course.failed.add(id);
    if (course.failed.size >= this.#maxFailures) course.haltedAt ??= ++this.#step;
  }

  /** An operator was answered. */
  operated(asked: number, act: OperatorAct): void {
    if (act.kind === "done") this.#notes(act.rollout, asked);
    this.#changed();
  }

  /** An operator asks to resume: from now on what was halted may go on. */
  resumes(): void {
    // What is answered to those who ask meanwhile may be from before it.
    this.#resumed = Number.POSITIVE_INFINITY;
    for (const course of this.#courses.values()) {
      course.haltedAt = null;
      course.failed.clear();
    }
  }

  hasResumed(): void {
    this.#resumed = ++this.#step;
  }

  #notes({ seq, name, halt }: Rollout, asked: number): void {
    this.#step++;
    if (seq > this.#newest.seq) this.#newest = { seq, since: this.#step };
    const course = this.#course(seq);
    const begun = this.of(name);
    if (begun !== 0 && begun !== seq) this.#violated(`rollout ${name} has begun twice`);
    course.name = name;
    if (halt !== null && asked > this.#resumed) course.haltedAt ??= this.#step;
  }

  get newest(): number {
    return this.#newest.seq;
  }

  /** The number of the rollout with a name; 0 if nobody was answered of it. */
  of(name: string): number {
    return [...this.#courses].find(([, course]) => course.name === name)?.[0] ?? 0;
  }

  isHalted(name: string): boolean {
    const seq = this.of(name);
    return seq > 0 && this.#course(seq).haltedAt !== null;
  }

  /** How many hosts have begun to act and not told their end. */
  underWay(seq: number): number {
    return this.#underWay(this.#course(seq)).length;
  }

  #underWay({ begun, ended }: Course): Subject[] {
    return [...begun.values()].filter(({ id }) => ended.get(id)?.isTold !== true);
  }

  /** How many hosts have ended so in a rollout. */
  count(seq: number, end: Ending): number {
    return [...this.#course(seq).ended.values()].filter((each) => each.end === end).length;
  }

  /** The most hosts that had begun to act and not told their end, at once. */
  mostUnderWay(seq: number, wave?: number): number {
    const { most, mostOfWave } = this.#course(seq);
    return wave === undefined ? most : (mostOfWave.get(wave) ?? 0);
  }

  /** The hosts that are live on a revision, and have told it. */
  liveOn(revision: string): number {
    return [...this.#live.values()].filter((name) => name === revision).length;
  }

  /** Resolves as soon as something holds. */
  async when(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waits.add(resolve));
  }

  #course(seq: number): Course {
    const course = this.#courses.get(seq) ?? {
      name: "",
      begun: new Map<string, Subject>(),
      ended: new Map<string, Ended>(),
      haltedAt: null,
      failed: new Set<string>(),
      most: 0,
      mostOfWave: new Map<number, number>(),
    };
    this.#courses.set(seq, course);
    return course;
  }

  #violated(what: string): void {
    this.violations.push(what);
  }

  #changed(): void {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const resolve of waits) resolve();
  }
}
