import assert from "node:assert/strict";
import { join } from "node:path";
import * as v from "valibot";
import { repository } from "../test-host/paths.ts";
import { problemsIn } from "./check-config.ts";
import { about, manifest } from "./pkgs/about.ts";
import { nixTest } from "./pkgs/nix-test.ts";

nixTest("default.nix, overlay and flake give that same package, module and helper", async (nix) => {
  const outputs = about(`
    let
      plain = import ${repository}/default.nix { inherit pkgs; };
      nixpkgs = { inherit (pkgs) lib; legacyPackages = { x86_64-linux = pkgs; aarch64-linux = pkgs; }; };
      flake = (import ${repository}/flake.nix).outputs { self = flake; inherit nixpkgs; };
    in {
      packages = map (made: made == package.drvPath) ([
        plain.package.drvPath
        (plain.overlay pkgs { }).deploy-finalize.drvPath
        (flake.overlays.default pkgs { }).deploy-finalize.drvPath
      ] ++ builtins.concatMap (system: map (made: made.drvPath) (builtins.attrValues flake.packages.\${system}))
        [ "x86_64-linux" "aarch64-linux" ]);
      modules = map toString ([ plain.module ] ++ builtins.attrValues flake.nixosModules);
      helpers = map builtins.attrNames [ plain.lib.deployRs flake.lib.deployRs ];
      checks = builtins.attrNames flake.checks.x86_64-linux;
      templates = builtins.mapAttrs (_: template: builtins.attrNames (builtins.readDir template.path)) flake.templates;
      formatters = builtins.attrNames flake.formatter;
    }`);
  const value = await nix.evaluate(outputs);
  const module = join(repository, "nix/module.nix");
  const template = ["README.md", "configuration.nix", "flake.nix"];
  assert.deepEqual(value, {
    packages: Array.from({ length: 7 }, () => true),
    modules: [module, module, module],
    helpers: [["activate"], ["activate"]],
    checks: ["module", "package", "switch-from-job"],
    templates: {
      "deploy-rs": [".gitea", ...template],
      "nixos-rebuild": template,
      colmena: template,
    },
    formatters: ["aarch64-linux", "x86_64-linux"],
  });
});

nixTest("the stand-in gives no source that was not asked for exactly", async (nix) => {
  const asked = `owner = "tj"; repo = "commander.js"`;
  const hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const tag = `v${manifest.dependencies["commander"]}`;
  const fetch = (args: string) => nix.refusal(about(`"\${pkgs.fetchFromGitHub { ${args} }}"`));
  assert.match(await fetch(`${asked}; tag = "v1"; hash = "";`), /asked for was v1/);
  assert.match(await fetch(`${asked}; tag = "${tag}"; hash = "${hash}";`), /hash mismatch/);
  assert.match(await fetch(`owner = "a"; repo = "b"; tag = "c"; hash = "";`), /does not have a\/b/);
});

/** The inputs of the templates' flakes, as far as they use them. */
const INPUTS = `
  deploy-finalize = {
    nixosModules.default = ${repository}/nix/module.nix;
    lib.deployRs = import ${repository}/nix/deploy-rs.nix { inherit (pkgs) lib; };
  };
  nixpkgs = {
    __functor = _: _: pkgs;
    outPath = builtins.toFile "nixpkgs" "{ system }: { }";
    lib.nixosSystem = host: host // {
      inherit pkgs;
      config = {
        services.deployFinalize.enable = builtins.elem deploy-finalize.nixosModules.default host.modules;
        boot.loader.systemd-boot.enable = false;
        system.build = { toplevel = "toplevel"; deployFinalize = package; };
      };
    };
  };
  deploy-rs = {
    lib.x86_64-linux.activate.custom.__functor = self: base: activate: { inherit base activate; };
    lib.x86_64-linux.deployChecks = deploy: { inherit deploy; };
    packages.x86_64-linux.deploy-rs = "deploy-rs";
  };
  colmena = {
    lib.makeHive = hive: hive;
    packages.x86_64-linux.colmena = "colmena";
  };
`;

const shown = {
  "deploy-rs": "flake.deploy.nodes.web.profiles.system.path.activate",
  "nixos-rebuild": "map toString flake.nixosConfigurations.web.modules",
  colmena: "map toString flake.colmenaHive.defaults.imports",
} as const;

for (const [template, expression] of Object.entries(shown)) {
  const folder = join(repository, "templates", template);
  nixTest(`template ${template}: its flake puts the parts together`, async (nix) => {
    const value = await nix.evaluate(
      about(`let ${INPUTS}
        inputs = { inherit nixpkgs deploy-finalize deploy-rs colmena; self = flake; };
        outputs = (import ${folder}/flake.nix).outputs;
        wanted = builtins.functionArgs outputs;
        flake = outputs (builtins.intersectAttrs wanted inputs);
      in ${expression}`),
    );
    const expected =
      template === "deploy-rs" ? "/bin/deploy-finalize --profile" : "/nix/module.nix";
    assert.ok(JSON.stringify(value).includes(expected), JSON.stringify(value));
  });

  nixTest(`template ${template}: the module takes its settings`, async (nix) => {
    const value = await nix.evaluate(
      about(`let
        file = import ${folder}/configuration.nix;
        configuration = if builtins.isFunction file then file { inherit pkgs; } else file;
        host = import ${repository}/test/nix/evaluator/nixos.nix {
          modules = [
            ${repository}/nix/module.nix
            { services.deployFinalize = { enable = true; inherit package; } // configuration.services.deployFinalize or { }; }
          ];
        };
      in {
        file = builtins.fromJSON host.config.services.deployFinalize.configFile.unchecked.text;
        refusals = builtins.filter (rule: !rule.assertion) host.config.assertions;
      }`),
    );
    const { file, refusals } = v.parse(
      v.object({ file: v.unknown(), refusals: v.unknown() }),
      value,
    );
    assert.deepEqual([refusals, await problemsIn(file)], [[], []]);
  });
}
