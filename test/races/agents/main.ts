import { existsSync } from "node:fs";
import { messageOf } from "../../../src/core/refusal.ts";
import { hostAvailable } from "../../test-host/available.ts";
import { BUILDKITE } from "./buildkite.ts";
import { GITLAB } from "./gitlab.ts";
import type { AgentKind } from "./kind.ts";
import { tryAgent } from "./try.ts";
import { WOODPECKER } from "./woodpecker.ts";

/** `make check-runner` with the path of a real agent: idle, busy, a deploy while it is busy, its stop. */

const KINDS = [BUILDKITE, GITLAB, WOODPECKER];

const given = KINDS.flatMap((kind) => {
  const program = process.env[kind.variable] ?? "";
  return program === "" ? [] : [{ kind, program }];
});

const absent = given.find(({ program }) => !existsSync(program));
const availability = hostAvailable();
const problem =
  given.length === 0
    ? `set ${KINDS.map(({ variable }) => variable).join(", ")} or one of them`
    : absent !== undefined
      ? `${absent.kind.variable}: there is no ${absent.program}`
      : !availability.available
        ? `needs a test host, and none can boot here: ${availability.reason}`
        : null;
if (problem !== null) {
  console.error(`check-runner: ${problem}`);
  process.exit(2);
}

async function isGood(kind: AgentKind, program: string): Promise<boolean> {
  try {
    return (await tryAgent(kind, program)).every((one) => one.isGood);
  } catch (error) {
    console.error(`check-runner: ${kind.name}: ${messageOf(error)}`);
    return false;
  }
}

let code = 0;
for (const { kind, program } of given) if (!(await isGood(kind, program))) code = 1;
// What an agent left open must not keep this process.
process.exit(code);
