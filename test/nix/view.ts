import { join } from "node:path";
import * as v from "valibot";
import { repository } from "../test-host/paths.ts";

const evaluator = join(repository, "test/nix/evaluator");

/**
 * A Nix expression with `lib`, the stand-in for nixpkgs', `pkgs`, likewise, and `view`. With
 * NIXPKGS_LIB=/path/to/nixpkgs/lib it is the real `lib`: the tests hold for both.
 */
export function withEvaluator(expression: string): string {
  return scope(process.env["NIXPKGS_LIB"] ?? evaluator, expression);
}

/** The same with the stand-in in any case: only its types tell of themselves as data. */
export function withStandIn(expression: string): string {
  return scope(evaluator, expression);
}

function scope(lib: string, expression: string): string {
  return `let
    lib = import ${lib};
    pkgs = import ${evaluator}/pkgs.nix lib;
    view = import ${evaluator}/view.nix lib;
  in ${expression}`;
}

/** A Nix expression for what a host with the module shows, see evaluator/view.nix. */
export function hostView(modules: string): string {
  return withEvaluator(`removeAttrs (view [ ${modules} ]) [ "host" ]`);
}

/** The body of a host's configuration that enables the module and sets options of it. */
export function enabled(options: string, others = ""): string {
  return `{ services.deployFinalize = { enable = true; ${options} }; ${others} }`;
}

export const viewSchema = v.object({
  refusals: v.array(v.string()),
  warnings: v.array(v.string()),
  file: v.record(v.string(), v.unknown()),
  filePath: v.string(),
  fileInSystem: v.string(),
  wrapper: v.nullable(
    v.object({
      name: v.string(),
      meta: v.record(v.string(), v.unknown()),
      postBuild: v.string(),
      exe: v.string(),
      paths: v.array(v.string()),
    }),
  ),
  installed: v.array(v.string()),
  loginShell: v.string(),
  kernelParams: v.array(v.string()),
  watchdog: v.nullable(v.string()),
  /** Null before NixOS 25.11, which has no such option. */
  manager: v.nullable(v.record(v.string(), v.unknown())),
  tmpfiles: v.array(v.string()),
  units: v.record(v.string(), v.record(v.string(), v.unknown())),
  timers: v.record(v.string(), v.record(v.string(), v.unknown())),
  values: v.record(v.string(), v.unknown()),
});
