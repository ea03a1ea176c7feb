import type { HookConfig } from "../../src/core/config/hooks/hooks-config.ts";
import type { Effect, Event } from "../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";

/** What happens to the hooks of a scenario; without anything all goes well. */
export interface HookWeather {
  /** The hook whose `before` fails for good. */
  readonly fails?: string;
  /** How often a gate is closed when everything is looked at again. */
  readonly gateClosesFor?: number;
  /** The `after` never succeeds. */
  readonly afterFails?: true;
}

/** The host as the hooks make it: what each `before` has done and no `after` has undone. */
export class HookWorld {
  /** The hooks whose `before` has been started, or that have none, in this order. */
  begun: string[] = [];
  inForce: string[] = [];
  /** How often each has gone wrong. */
  readonly wrong = { unnamed: 0, order: 0, actsWithout: 0, waits: 0, orphans: 0 };
  readonly #hooks: readonly HookConfig[];
  readonly #weather: HookWeather;
  closedFor: number;
  readonly #pass: () => void;

  constructor(hooks: readonly HookConfig[], weather: HookWeather, pass: () => void) {
    this.#hooks = hooks;
    this.#weather = weather;
    this.closedFor = weather.gateClosesFor ?? 0;
    this.#pass = pass;
  }

  get left(): readonly string[] {
    return this.begun;
  }

  before(record: FinalizationRecord, name: string): Event {
    const isNamed = record.hooks.some((hook) => hook.name === name && hook.stage === "before");
    if (!isNamed) this.wrong.unnamed++;
    this.begun = [...this.begun.filter((one) => one !== name), name];
    this.#pass();
    if (this.#weather.fails === name) {
      return { kind: "before-failed", hook: name, why: "it said no", waitedFor: [] };
    }
    this.inForce.push(name);
    return { kind: "before-ended", hook: name, problem: null, waitedFor: [] };
  }

  after(record: FinalizationRecord, name: string): Event {
    const config = this.#hooks.find((hook) => hook.name === name);
    const isBegun = record.hooks.some((hook) => hook.name === name && hook.stage !== "over");
    if (!isBegun) this.wrong.orphans++;
    const last = this.begun.at(-1);
    if (this.begun.includes(name) && last !== name) this.wrong.order++;
    this.#pass();
    this.inForce = this.inForce.filter((one) => one !== name);
    this.begun = this.begun.filter((one) => one !== name);
    this.#pass();
    const isBad = config !== undefined && this.#weather.afterFails === true;
    return { kind: "after-ended", hook: name, problem: isBad ? "it said no" : null };
  }

  /** Null if everything is as it was. */
  lookAgain(): Event | null {
    if (this.inForce.length === 0 || this.closedFor <= 0) return null;
    this.closedFor--;
    return { kind: "held-up", why: "CI job: it runs a job" };
  }

  wait(): void {
    if (this.begun.length > 0) this.wrong.waits++;
  }

  /** The act of the deploy, not of a rollback. */
  act({ kind }: Pick<Effect, "kind">): void {
    const wanted = this.#hooks.filter(
      ({ before, actions }) => before !== null && actions.some((action) => action === kind),
    );
    if (wanted.some(({ name }) => !this.inForce.includes(name))) this.wrong.actsWithout++;
  }
}
