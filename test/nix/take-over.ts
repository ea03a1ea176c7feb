import * as v from "valibot";
import { repository } from "../test-host/paths.ts";
import type { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, viewSchema, withEvaluator } from "./view.ts";

const evaluator = `${repository}/test/nix/evaluator`;

const schema = v.intersect([
  viewSchema,
  v.object({
    comin: v.nullable(
      v.object({ operations: v.array(v.array(v.string())), command: v.nullable(v.string()) }),
    ),
  }),
]);
export type HostWithDeployers = v.InferOutput<typeof schema>;

/** A host where system.autoUpgrade and comin may be enabled, and what it shows. */
export async function hostWithDeployers(
  nix: PrivateNix,
  ...modules: string[]
): Promise<HostWithDeployers> {
  const view = await nix.evaluate(
    withEvaluator(`let
      shown = import ${evaluator}/view.nix lib [
        ${evaluator}/comin-options.nix
        ${modules.join(" ")}
      ];
      comin = shown.host.config.services.comin;
    in removeAttrs shown [ "host" ] // {
      comin = if !comin.enable then null else {
        operations = map (remote: map (branch: branch.operation) (lib.attrValues remote.branches)) comin.remotes;
        command = comin.postDeploymentCommand;
      };
    }`),
  );
  return v.parse(schema, view);
}

/** Modules of a host whose deployer is taken over. */
export function upgrading(upgrade: string, options = ""): string {
  const others = `system.autoUpgrade = { enable = true; ${upgrade} };`;
  return enabled(`takeOver.autoUpgrade = true; ${options}`, others);
}
export function pulling(comin: string, options = ""): string {
  const others = `services.comin = { enable = true; ${comin} };`;
  return enabled(`takeOver.comin = true; ${options}`, others);
}

/** What runs after an upgrade, as `scriptsOf` takes it. */
export function afterUpgrade({ units }: HostWithDeployers): string {
  const { serviceConfig } = units["nixos-upgrade"] ?? {};
  return v.parse(v.object({ ExecStartPost: v.tuple([v.string()]) }), serviceConfig)
    .ExecStartPost[0];
}

export interface Script {
  readonly path: string;
  readonly text: string;
}

/**
 * The scripts that stand, each in its marks (evaluator/pkgs.nix), in place of their paths, as files of a
 * folder. They take the programs of the machine from PATH. The outermost is the last.
 */
export function scriptsOf(folder: string, marked: string): Script[] {
  const inner = /<<([\w-]+)\n((?:(?!<<|>>)[^])*)>>/.exec(marked);
  if (inner === null) return [];
  const [all, name = "", body = ""] = inner;
  const path = `${folder}/${name}`;
  const text = `#!/bin/bash\n${body.replaceAll(/\/nix\/store\/\w+-coreutils\/bin\//g, "")}`;
  return [
    { path, text },
    ...scriptsOf(
      folder,
      marked.replace(all, () => path),
    ),
  ];
}
