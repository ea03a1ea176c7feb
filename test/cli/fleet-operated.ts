import assert from "node:assert/strict";
import { Refusal } from "../../src/core/refusal.ts";
import type { OwnDeploy } from "../../src/cli/fleet/named-rollout.ts";
import type { CommonOptions } from "../../src/cli/context.ts";
import { type FleetWanted, runFleet } from "../../src/cli/fleet/run.ts";
import type {
  GroupView,
  OperatorAct,
  RolloutServer,
} from "../../src/fleet/rollouts/rollout-server.ts";
import type { Unknown } from "../../src/fleet/slot-keeping.ts";
import type { Said } from "../support/fake-host.ts";
import { ENDPOINTS, GROUP, viewOf } from "../view/fleet-samples.ts";
import { OperatedHost } from "./operating.ts";

type History = Awaited<ReturnType<RolloutServer["history"]>>;

const notAsked = async (): Promise<never> => {
  throw new Error("an operator does not ask this");
};

/** A group whose rollout the test tells, as an operator's commands see it. */
export class ToldGroup implements RolloutServer {
  #view: GroupView | Unknown = viewOf(null);
  #changed = new AbortController();
  past: History = { kind: "known", past: [] };
  /** What the next act comes to. */
  act: OperatorAct = { kind: "refused", why: "there is nothing to do" };
  readonly asked: (readonly string[])[] = [];
  looks = 0;

  tell(view: GroupView | Unknown): void {
    this.#view = view;
    this.#changed.abort();
  }

  look = async (): Promise<GroupView | Unknown> => {
    this.looks += 1;
    this.#changed = new AbortController();
    return this.#view;
  };

  /** Resolves at once after a change that came since the last look. */
  change = async (signal: AbortSignal): Promise<void> => {
    const over = AbortSignal.any([signal, this.#changed.signal]);
    if (over.aborted) return;
    await new Promise((resolve) => {
      over.addEventListener("abort", resolve, { once: true });
    });
  };

  history = async (): Promise<History> => this.past;
  halt = async (by: string, why: string) => this.#note("halt", by, why);
  resume = async (by: string) => this.#note("resume", by);
  forget = async (host: string) => this.#note("forget", host);
  admit = notAsked;
  preview = notAsked;
  withdraw = notAsked;
  soaks = notAsked;
  ends = notAsked;
  leaves = notAsked;

  #note(...words: readonly string[]): OperatorAct {
    this.asked.push(words);
    return this.act;
  }
}

/** A host whose operator steers a group. */
export class FleetHost extends OperatedHost {
  readonly server = new ToldGroup();
  own: OwnDeploy | null = null;

  /** Runs a command that the option parser has read. */
  async fleet(wanted: FleetWanted, options: CommonOptions & { yes?: true } = {}): Promise<Said> {
    const said = { stdout: "", stderr: "" };
    const context = this.context(said);
    const { server } = this;
    const ownDeploy = async () => this.own;
    const place = { context, server, group: GROUP, endpoints: ENDPOINTS, id: "id-web1", ownDeploy };
    return { exitCode: await runFleet(place, wanted, options), ...said };
  }

  async refuses(wanted: FleetWanted, why: RegExp, options: { yes?: true } = {}): Promise<void> {
    await assert.rejects(
      async () => await this.fleet(wanted, options),
      (error) => error instanceof Refusal && why.test(error.message),
    );
  }
}
