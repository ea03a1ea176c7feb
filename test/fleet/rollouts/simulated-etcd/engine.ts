import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import { build, type Plugin } from "esbuild";
import type { Time } from "../../../../bench/fleet/rollouts/time.ts";
import type { rolloutServerFor } from "../../../../src/fleet/rollouts/server-for.ts";
import { type Edit, planting } from "../../../simulation/kernel/bundle.ts";
import type { Network } from "./network.ts";

/** The parts of the program that the simulation calls. */
export interface Engine {
  readonly rolloutServerFor: typeof rolloutServerFor;
}

const PROJECT = join(import.meta.dirname, "../../../..");
const ENTRY = `export { rolloutServerFor } from "./src/fleet/rollouts/server-for.ts";`;

/** The engine of the rollouts as one text of code, with planted defects if wanted. */
export async function bundleEngine(edits: readonly Edit[] = []): Promise<string> {
  const built = await build({
    stdin: { contents: ENTRY, resolveDir: PROJECT, loader: "ts" },
    absWorkingDir: PROJECT,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    write: false,
    logLevel: "warning",
    plugins: [replacing("timers"), replacing("network"), planting(edits)],
  });
  return built.outputFiles[0]?.text ?? "";
}

/** The functions that are replaced, by the names of their files. */
const REPLACED = {
  timers: { files: /\/process\/time\.ts$/, names: ["pause"] },
  network: { files: /\/(http|lines)\.ts$/, names: ["send", "sendForLines"] },
} as const;

/** Puts simulated functions in the place of exported ones. */
function replacing(what: keyof typeof REPLACED): Plugin {
  const { files, names } = REPLACED[what];
  const simulated = `simulated-${what}`;
  return {
    name: simulated,
    setup: (building) => {
      building.onResolve({ filter: new RegExp(`^${simulated}$`) }, ({ path }) => ({
        path,
        external: true,
      }));
      building.onResolve({ filter: files }, (given) =>
        given.namespace === what
          ? null
          : { path: join(given.resolveDir, given.path), namespace: what },
      );
      building.onLoad({ filter: /./, namespace: what }, ({ path }) => {
        const own = `export * from ${JSON.stringify(path)};`;
        const ours = `export { ${names.join(", ")} } from "${simulated}";`;
        return { contents: `${own}\n${ours}`, loader: "js", resolveDir: PROJECT };
      });
    },
  };
}

/** The engine as the processes of one fleet have it. */
export function loadEngine(code: string, time: Time, network: Network): Engine {
  const module: { exports: Engine } = { exports: MISSING };
  const real = createRequire(import.meta.url);
  const simulated: Readonly<Record<string, unknown>> = {
    "simulated-timers": { pause: time.pause },
    "simulated-network": network,
  };
  const require = (name: string): unknown => simulated[name] ?? real(name);
  compileFunction(code, ["module", "require"], { filename: "engine.cjs" })(module, require);
  return module.exports;
}

const MISSING: Engine = {
  rolloutServerFor: () => {
    throw new Error("the bundle has no engine");
  },
};
