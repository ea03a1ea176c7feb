import { jsonAs } from "../../../src/core/answer.ts";
import { memberSchema, rolloutSchema } from "../../../src/core/fleet/rollout.ts";
import { Keys } from "../../../src/fleet/rollouts/etcd/keys.ts";
import { rangeIn, transactionIn, watchIn } from "../../fleet/rollouts/simulated-etcd/requests.ts";
import { EtcdStore, eventOf } from "../../fleet/rollouts/simulated-etcd/store.ts";
import type { Process } from "../kernel/process.ts";
import type { Clocks } from "./clocks.ts";
import { type Asked, HOLDER, type Request } from "./lock-server.ts";
import type { Body, Program } from "./program.ts";

export const ETCD_URL = "http://etcd.example";
export const PREFIX = "deploy-finalize";
export const GROUP = "default";
const SLOT = `${PREFIX}/${GROUP}/slot/`;

/** When etcd answers nobody, and which answer is lost; times in milliseconds after the begin. */
export interface EtcdPlan {
  readonly downFrom: number;
  readonly downUntil: number;
  /** The number of the answer that is lost; 0 for none. */
  readonly lostAnswer: number;
  /** Whether the request without an answer is carried out at once, or when its sender has given it up. */
  readonly whenLost: "at once" | "late";
}

/** What etcd has answered to a process last. */
export interface Look {
  /** The finalization that may act; null if there is none, or the rollout was halted. */
  readonly admitted: string | null;
  /** The program that held the turn when etcd was asked. */
  readonly turn: number | null;
}

/** An etcd that outlasts the boots of the host. */
export class Etcd {
  readonly store = new EtcdStore();
  readonly keys = new Keys(PREFIX, GROUP);
  readonly looks = new Map<Process, Look>();
  /** The program that holds the turn. */
  turnNow: () => number | null = () => null;
  readonly #plan: EtcdPlan;
  readonly #clocks: Clocks;
  readonly #begin: number;
  #answers = 0;

  constructor(plan: EtcdPlan, clocks: Clocks, begin: number) {
    this.#plan = plan;
    this.#clocks = clocks;
    this.#begin = begin;
  }

  /** Who holds the slot. */
  get holder(): string | null {
    const [slot] = this.store.names({ key: SLOT, end: `${SLOT.slice(0, -1)}0` });
    const holding = slot === undefined ? null : this.store.get(slot);
    return /"id":"([^"]+)"/.exec(holding ?? "")?.[1] ?? null;
  }

  #isDown(): boolean {
    const now = this.#clocks.monoMs - this.#begin;
    return now >= this.#plan.downFrom && now < this.#plan.downUntil;
  }

  /** One request: on its way, at etcd, and the answer on its way back. */
  *exchange({ process, handle, request, withinMs }: Asked): Body {
    const turn = this.turnNow();
    yield "step";
    const isDown = this.#isDown();
    const isLost = !isDown && ++this.#answers === this.#plan.lostAnswer;
    const isLate = isLost && this.#plan.whenLost === "late";
    const text = isDown || isLate ? null : this.#answer(request);
    const look = { admitted: this.#admitted(), turn };
    yield "step";
    if (isLost) yield { ms: withinMs };
    const isAnswered = text !== null && !isLost;
    if (isAnswered) this.looks.set(process, look);
    process.pending.push({
      handle,
      happening: isAnswered ? { kind: "answered", status: 200, text } : { kind: "unanswered" },
    });
    if (!isLate) return { exitCode: 0 };
    yield { ms: LATE_MS };
    this.#answer(request);
    return { exitCode: 0 };
  }

  #answer({ url, body }: Request): string {
    if (url.endsWith("/v3/kv/range")) return JSON.stringify(this.store.range(rangeIn(body)));
    return JSON.stringify(this.store.transact(transactionIn(body)));
  }

  #admitted(): string | null {
    const { keys, store } = this;
    const rollout = jsonAs(rolloutSchema, store.get(keys.control) ?? "");
    const member = this.member();
    const isCurrent = rollout !== null && rollout.halt === null && rollout.seq === member?.seq;
    return isCurrent && member.state === "acting" ? member.finalization : null;
  }

  /** This host, as the group knows it. */
  member(): ReturnType<typeof this.memberAt> {
    return this.memberAt(HOLDER);
  }

  memberAt(id: string): ReturnType<typeof memberIn> {
    const key = this.store.names(this.keys.all("member")).find((name) => name.endsWith(`/${id}`));
    return key === undefined ? null : memberIn(this.store.get(key) ?? "");
  }

  /** A watch, which tells each change of its range until its reader has enough. */
  *watch(program: Program): Body {
    yield "step";
    const { key, range_end, start_revision: start } = watchIn(program.text);
    const { store } = this;
    program.say(line({ header: store.header(), created: true }));
    let from = start === 0 ? store.revision + 1 : start;
    while (program.input === "open" && !this.#isDown()) {
      const since = from;
      const news = store.changes(
        { key, ...(range_end !== undefined && { end: range_end }) },
        since,
      );
      from = store.revision + 1;
      if (news.length > 0) {
        program.say(line({ header: store.header(), events: news.map(eventOf) }));
      }
      yield { until: () => store.revision >= from || program.input === "closed" };
    }
    return { exitCode: 1 };
  }
}

const LATE_MS = 400;

function memberIn(text: string) {
  return jsonAs(memberSchema, text);
}

function line(result: object): string {
  return JSON.stringify({ result });
}
