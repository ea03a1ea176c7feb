import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { nodeBinary, repository } from "../../test-host/paths.ts";
import { placeOf } from "./nix-test.ts";

/** package.json, as far as the package takes things from it. */
export const manifest = v.parse(
  v.object({
    name: v.string(),
    version: v.string(),
    description: v.string(),
    license: v.string(),
    homepage: v.optional(v.string()),
    dependencies: v.record(v.string(), v.string()),
  }),
  JSON.parse(readFileSync(join(repository, "package.json"), "utf8")),
);

/** A Nix expression about `pkgs`, the stand-in for nixpkgs, `package`, and `call`, which makes others. */
export function about(expression: string): string {
  return `let
    pkgs = import ${repository}/test/nix/pkgs {
      node = "${nodeBinary()}";
      esbuild = "${repository}/node_modules/@esbuild/linux-${process.arch}/bin/esbuild";
      scdoc = "${placeOf("scdoc")}";
    };
    call = pkgs.callPackage ${repository}/nix/package.nix;
    package = call { };
  in ${expression}`;
}
