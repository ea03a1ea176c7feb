import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { compileFunction } from "node:vm";
import { build, type Plugin } from "esbuild";
import type { Context } from "../../../src/cli/context.ts";
import type { Paths } from "../../../src/host/files/paths.ts";
import { SimulationError } from "./errors.ts";

/** The parts of the program that the simulation calls. */
export interface Program {
  readonly runCommandLine: (context: Context, args: readonly string[]) => Promise<number>;
  readonly pathsUnder: (root: string) => Paths;
}

/** A change of one source file: a planted defect. */
export interface Edit {
  /** Below the project's folder. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PROJECT = join(import.meta.dirname, "../../..");
const ENTRY = `
  export { runCommandLine } from "./src/cli/command-line.ts";
  export { pathsUnder } from "./src/host/files/paths.ts";
`;

/** The program's own sources as one text of code, with planted defects if wanted. */
export async function bundleProgram(edits: readonly Edit[] = []): Promise<string> {
  const built = await build({
    stdin: { contents: ENTRY, resolveDir: PROJECT, loader: "ts" },
    absWorkingDir: PROJECT,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    write: false,
    logLevel: "warning",
    plugins: [remembering, networking, ...(edits.length === 0 ? [] : [planting(edits)])],
  });
  return built.outputFiles[0]?.text ?? "";
}

const PARSERS: Readonly<Record<string, readonly string[]>> = {
  "src/core/record/parse-record.ts": ["parseRecord"],
  "src/core/config/parse-config.ts": ["parseConfig", "parseRecordedConfig"],
};

/** Puts a memory before the parsers of texts, which are pure. */
const remembering: Plugin = {
  name: "remembered texts",
  setup: (building) => {
    const namespace = "remembered";
    building.onResolve({ filter: /\/parse-(record|config)\.ts$/ }, (given) =>
      given.namespace === namespace
        ? null
        : { path: join(given.resolveDir, given.path), namespace },
    );
    building.onLoad({ filter: /./, namespace }, ({ path }) => {
      const memory = JSON.stringify(join(import.meta.dirname, "remembered.ts"));
      const parsers = JSON.stringify(path);
      const names = PARSERS[relative(PROJECT, path)] ?? [];
      const contents = [
        `import { remembered } from ${memory};`,
        `import * as parsers from ${parsers};`,
        `export * from ${parsers};`,
        ...names.map((name) => `export const ${name} = remembered(parsers.${name});`),
      ];
      return { contents: contents.join("\n"), loader: "js", resolveDir: PROJECT };
    });
  },
};

/** A module that only the simulation has. */
export const NETWORK = "simulated-network";

/** Puts the simulated network in the place of the functions that send HTTP requests. */
const networking: Plugin = {
  name: "simulated network",
  setup: (building) => {
    const namespace = "network";
    building.onResolve({ filter: new RegExp(`^${NETWORK}$`) }, ({ path }) => ({
      path,
      external: true,
    }));
    building.onResolve({ filter: /\/(http|lines)\.ts$/ }, (given) =>
      given.namespace === namespace
        ? null
        : { path: join(given.resolveDir, given.path), namespace },
    );
    building.onLoad({ filter: /./, namespace }, ({ path }) => {
      const own = JSON.stringify(path);
      const name = path.endsWith("/http.ts") ? "send" : "sendForLines";
      const contents = `export * from ${own};\nexport { ${name} } from "${NETWORK}";`;
      return { contents, loader: "js", resolveDir: PROJECT };
    });
  },
};

/** Plants defects. */
export function planting(edits: readonly Edit[]): Plugin {
  return {
    name: "planted defects",
    setup: (building) => {
      building.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const own = edits.filter(({ file }) => join(PROJECT, file) === path);
        if (own.length === 0) return null;
        const text = readFileSync(path, "utf8");
        return { contents: own.reduce(edited, text), loader: "ts" };
      });
    },
  };
}

/** @throws SimulationError if the text is not as the edit expects it */
export function edited(text: string, { file, from, to }: Edit): string {
  if (text.split(from).length !== 2) {
    throw new SimulationError(`${file} does not hold exactly once: ${from}`);
  }
  return text.replace(from, () => to);
}

/** What the program sees in place of Node's modules and globals. */
export interface Outside {
  readonly modules: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** The program, with everything outside of it replaced. */
export function loadProgram(code: string, { modules, globals }: Outside): Program {
  const module: { exports: Program } = { exports: MISSING };
  const require = (name: string): unknown => {
    if (Object.hasOwn(modules, name)) return modules[name];
    throw new SimulationError(`the program loads ${name}, which the simulation does not have`);
  };
  const names = Object.keys(globals);
  const body = compileFunction(code, ["module", "require", ...names], {
    filename: "simulated-program.cjs",
  });
  body(module, require, ...Object.values(globals));
  return module.exports;
}

const MISSING: Program = {
  runCommandLine: () => {
    throw new SimulationError("the bundle has no program");
  },
  pathsUnder: () => {
    throw new SimulationError("the bundle has no program");
  },
};
