import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { documents } from "../docs/documents.ts";
import { repository } from "../test-host/paths.ts";
import { problemsIn } from "./check-config.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { viewSchema, withEvaluator } from "./view.ts";

interface Block {
  readonly place: string;
  /** A module, or anything else that is Nix: a part of a flake, an activation. */
  readonly kind: "module" | "other";
  readonly text: string;
}

/** The Nix of the pages, without the indentation of a list. */
const blocks: readonly Block[] = documents().flatMap(({ path, text }) =>
  [...text.matchAll(/^( *)```nix\n(.*?)^\1```$/gms)].map(([, indent = "", inner = ""], index) => {
    const lines = inner.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    const isOther = /^(inputs|outputs|path|deploy|web1)\b|^ {2}outputs\b/m.test(lines);
    return { place: `${path} ${index}`, kind: isOther ? "other" : "module", text: lines };
  }),
);

/** What a reader has: files beside the page's own, and packages of nixpkgs, each as its path. */
function expressionOf({ text }: Block): string {
  const own = text
    .replaceAll("import ./npins", `{ deploy-finalize = "${repository}"; }`)
    .replaceAll(/\.\/[\w./-]+/g, "{ }");
  return /^(#.*\n)*(\{|let\b)/.test(own) ? own : `{\n${own}\n}`;
}

test("a module of the pages that is a file of its own does without the flake", () => {
  const files = blocks.filter(({ text }) => /^\{[\w, ]*\.\.\. \}:/.test(text));
  assert.ok(files.length > 0);
  for (const { place, text } of files) {
    const [, args = ""] = /^\{(.*?)\}:/.exec(text) ?? [];
    const known = ["self", "deploy-finalize"].filter((name) => !args.includes(name));
    for (const name of known) assert.ok(!new RegExp(`(?<![./\\w])${name}\\.`).test(text), place);
  }
});

const packages = new Set(
  blocks.flatMap(({ text }) =>
    [...text.matchAll(/\bpkgs\.([\w-]+)/g)].map(([, name = ""]) => name),
  ),
);

/** NixOS, as far as the pages set more of it than our module reads. */
const REST = `{ lib, ... }: {
  options = let any = lib.mkOption { type = lib.types.anything; default = { }; }; in {
    system.configurationRevision = any;
    services.grafana = any;
    services.etcd = any;
    networking.firewall = any;
    services.prometheus = any;
    security.sudo = any;
    networking.hostName = any;
    environment.persistence = any;
    deployment = any;
    boot.loader = lib.mkOption { type = lib.types.anything; default.systemd-boot.enable = true; };
  };
}`;

const SCOPE = `
  self.rev = "9f3c1b7a5d2e4860f1a2b3c4d5e6f708192a3b4c";
  deploy-finalize = { outPath = "/nix/store/x-deploy-finalize"; nixosModules.default = { }; };
  ownPkgs = pkgs // { writeShellScript = name: _: "/nix/store/x-\${name}"; } // {
    ${[...packages]
      .filter((name) => name !== "writeShellScript")
      .map((name) => `${name} = "/nix/store/x-${name}";`)
      .join("\n")}
  };
  config.networking.hostName = "web1";
  comin = import ${repository}/test/nix/evaluator/comin-options.nix;
  module = make: view [ (make ownPkgs) rest comin { services.deployFinalize.enable = lib.mkDefault true; } ];
  rest = ${REST};`;

const shownSchema = v.array(v.pick(viewSchema, ["refusals", "warnings", "file"]));

nixTest("the Nix of every page is Nix, and the module takes what it sets", async (nix) => {
  const modules = blocks.filter(({ kind }) => kind === "module");
  assert.ok(modules.length >= 20, `${modules.length}`);
  const others = blocks.filter(({ kind }) => kind === "other").map(expressionOf);
  const made = modules.map((block) => `(pkgs: ${expressionOf(block)})`);
  const expression = withEvaluator(`let ${SCOPE} in builtins.seq
    (builtins.length [ ${others.map((text) => `(deploy-rs: config: ${text})`).join("\n")} ])
    (map (make: { inherit (module make) refusals warnings file; }) [ ${made.join("\n")} ])`);
  const views = v.parse(shownSchema, await nix.evaluate(expression));
  for (const [index, { refusals, warnings, file }] of views.entries()) {
    const place = modules[index]?.place;
    assert.deepEqual([place, refusals, warnings], [place, [], []]);
    assert.deepEqual([place, await problemsIn(file)], [place, []]);
  }
});
