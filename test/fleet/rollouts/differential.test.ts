import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualTime } from "../../../bench/fleet/rollouts/time.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import type { Rollout } from "../../../src/core/fleet/rollout.ts";
import type {
  MemberView,
  RolloutServer,
  Self,
} from "../../../src/fleet/rollouts/rollout-server.ts";
import fc from "../../support/fast-check.ts";
import { etcdConfig } from "../configs.ts";
import { ModelGroup } from "./model/group.ts";
import { modelServer } from "./model/server.ts";
import { bundleEngine, loadEngine } from "./simulated-etcd/engine.ts";
import { Processes } from "./simulated-etcd/processes.ts";
import { EtcdStore } from "./simulated-etcd/store.ts";

const RUNS = Number(process.env["RUNS"] ?? 60);

/** The newest deploy of a host. */
interface Deploy {
  readonly rollout: string;
  /** Grows over all hosts: it is the time. */
  readonly number: number;
  readonly wave: number;
}

type Request =
  | { readonly kind: "deploy"; readonly host: number; readonly rollout: string }
  | { readonly kind: "admit"; readonly host: number; readonly waited: number }
  | { readonly kind: "withdraw" | "soaks" | "live" | "failed" | "leaves"; readonly host: number }
  | { readonly kind: "forget"; readonly host: number }
  | { readonly kind: "move"; readonly host: number; readonly wave: number }
  | { readonly kind: "halt" | "resume" }
  /** The time in which a host that has left may come back. */
  | { readonly kind: "passes" };

const WAVES = [0, 0, 1, 1, 2];
const LATE = 4000;

const host = fc.nat(WAVES.length - 1);
const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("deploy"),
      host,
      rollout: fc.constantFrom("a", "b", "c"),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("admit"), host, waited: fc.constantFrom(0, 0, LATE) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("withdraw", "soaks", "live", "live", "failed", "leaves"),
      host,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget"), host }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("move"), host, wave: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("halt", "resume") }) },
  { weight: 1, arbitrary: fc.constant({ kind: "passes" } as const) },
);

const settings = fc.record({
  maxFailures: fc.integer({ min: 1, max: 2 }),
  onMissing: fc.constantFrom("halt", "go-on-without"),
});

type Settings = Pick<Self, "maxFailures" | "onMissing">;

function selfOf(index: number, { rollout, number, wave }: Deploy, given: Settings): Self {
  const id = `host-${index}`;
  const finalization = `20261122-213000-${String(number).padStart(4, "0")}`;
  const own = { id, host: id, wave, finalization, generation: number };
  return { ...own, ...given, rollout, joinWithin: 3600 };
}

async function ask(server: RolloutServer, self: Self, asked: Request): Promise<unknown> {
  switch (asked.kind) {
    case "deploy":
    case "move":
    case "passes":
      return null;
    case "admit": {
      const admission = await server.admit(self, asked.waited);
      if (admission.kind === "unknown") return admission;
      const because = admission.kind === "held" ? admission.because : null;
      return { kind: admission.kind, because, rollout: essence(admission.rollout) };
    }
    case "withdraw":
      return (await server.withdraw(self)).kind;
    case "soaks":
      return (await server.soaks(self)).kind;
    case "live":
      return await told(server.ends(self, { kind: "live" }));
    case "failed":
      return await told(server.ends(self, { kind: "failed", why: "it broke" }));
    case "leaves":
      return (await server.leaves(self, "cancelled")).kind;
    case "forget":
      return (await server.forget(self.host)).kind;
    case "halt":
      return (await server.halt("operator", "by hand")).kind;
    case "resume":
      return (await server.resume("operator")).kind;
    default:
      return asked satisfies never;
  }
}

async function told(asked: ReturnType<RolloutServer["ends"]>): Promise<unknown> {
  const answer = await asked;
  if (answer.kind !== "told" || answer.progress === null) return answer;
  const { rollout, ...numbers } = answer.progress;
  return { ...numbers, rollout: essence(rollout) };
}

function essence({ seq, name, halt, failures, forgiven }: Rollout): unknown {
  return { seq, name, halt: halt?.kind ?? null, failed: failures.map(({ id }) => id), forgiven };
}

function essenceOf(view: Awaited<ReturnType<RolloutServer["look"]>>): unknown {
  if (view.kind === "unknown") return view;
  return {
    rollout: view.rollout === null ? null : essence(view.rollout),
    waves: view.waves.map(({ wave, members }) => ({ wave, members: members.map(essenceOfMember) })),
  };
}

function essenceOfMember({ id, seq, state, done, hasJoined }: MemberView): unknown {
  return { id, seq, state, done, hasJoined };
}

async function pastOf(server: RolloutServer): Promise<unknown> {
  const answer = await server.history();
  if (answer.kind === "unknown") return answer;
  return answer.past.map(({ live, members, isOver, ...rollout }) => {
    return { live, members, isOver, rollout: essence(rollout) };
  });
}

/** The deploys of all hosts, and what a request means for them. */
class Hosts {
  readonly #deploys: Deploy[] = WAVES.map((wave) => ({ rollout: "a", number: 1, wave }));
  #last = 1;

  /** The host that asks; null if it has nothing to ask. */
  next(asked: Request, given: Settings): Self | null {
    if (!("host" in asked)) return this.#self(0, given);
    const { host: index, kind } = asked;
    const deploy = this.#deploys[index];
    if (deploy === undefined) return null;
    if (kind === "move") this.#deploys[index] = { ...deploy, wave: asked.wave };
    if (kind === "deploy") {
      this.#deploys[index] = { ...deploy, rollout: asked.rollout, number: ++this.#last };
    }
    return this.#self(index, given);
  }

  #self(index: number, given: Settings): Self | null {
    const deploy = this.#deploys[index];
    return deploy === undefined ? null : selfOf(index, deploy, given);
  }
}

void test("the engine answers as the model of rollouts does, request by request", async () => {
  const code = await bundleEngine();
  const requests = fc.array(request, { minLength: 5, maxLength: 60, size: "max" });
  const property = fc.asyncProperty(requests, settings, async (asked, given) => {
    const time = new VirtualTime(() => 0);
    const network = { time, random: () => 0.5, delayMs: 1, loss: 0 };
    const processes = new Processes(new EtcdStore(), network);
    const { rolloutServerFor } = loadEngine(code, time, processes);
    const lock = etcdConfig([processes.endpointOf(new AbortController().signal)]);
    const now = (): Date => new Date(time.now());
    const real = rolloutServerFor(lock, { group: null }, "host", now, DEFAULT_CONFIG.proxy);
    const model = new ModelGroup(now);
    const servers = { real, like: modelServer(model, "default", network) };
    const played = compare(time, servers, model, asked, given);
    await time.run(played, Number.POSITIVE_INFINITY);
  });
  await fc.assert(property, { numRuns: RUNS });
});

async function compare(
  time: VirtualTime,
  { real, like }: { readonly real: RolloutServer; readonly like: RolloutServer },
  model: ModelGroup,
  requests: readonly Request[],
  given: Settings,
): Promise<void> {
  const hosts = new Hosts();
  for (const asked of requests) {
    if (asked.kind === "passes") await time.pause(LATE * 1000);
    const self = hosts.next(asked, given);
    if (self === null) continue;
    // Nobody waits before it has joined.
    const isNew = asked.kind === "admit" && !model.hasJoined(self);
    const meant = isNew ? { ...asked, waited: 0 } : asked;
    const wanted = await ask(like, self, meant);
    assert.deepEqual(await ask(real, self, meant), wanted, JSON.stringify(asked));
    assert.deepEqual(essenceOf(await real.look()), essenceOf(await like.look()));
    assert.deepEqual(await pastOf(real), await pastOf(like));
  }
}
