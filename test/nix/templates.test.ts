import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { repository } from "../test-host/paths.ts";
import { problemsIn } from "./check-config.ts";
import { nixTest, placeOf } from "./pkgs/nix-test.ts";
import type { PrivateNix } from "./pkgs/private-nix.ts";

/** The Nix of this machine, and the oldest and the newest of Debian, which scripts/setup unpacks. */
const NIXES = ["nix", "nix-bookworm", "nix-sid"].filter((name) => placeOf(name) !== undefined);

const INPUTS = {
  "deploy-rs": ["nixpkgs", "deploy-rs", "deploy-finalize"],
  "nixos-rebuild": ["nixpkgs", "deploy-finalize"],
  colmena: ["nixpkgs", "colmena", "deploy-finalize"],
} as const;

type Template = keyof typeof INPUTS;
type Show = (attribute: string, apply?: string) => Promise<unknown>;

/** Evaluates a template as its user has it, with stand-ins for all inputs but this project. */
async function withTemplate(
  nix: PrivateNix,
  program: string,
  template: Template,
  body: (show: Show) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "deploy-finalize-template-"));
  const copy = (from: string, to: string): void => {
    cpSync(join(repository, from), join(folder, to), { recursive: true });
  };
  try {
    copy("test/nix/inputs", ".");
    copy("test/nix/evaluator", "nixpkgs/evaluator");
    for (const part of ["flake.nix", "nix", "templates"]) copy(part, `deploy-finalize/${part}`);
    copy(`templates/${template}`, "flake");
    writeFileSync(join(folder, "flake/hardware-configuration.nix"), "{ }");
    const inputs = INPUTS[template].flatMap((name) => [
      "--override-input",
      name,
      `path:${join(folder, name)}`,
    ]);
    await body(async (attribute, apply) => {
      const options = apply === undefined ? inputs : [...inputs, "--apply", apply];
      return await nix.flakeEval(program, `path:${join(folder, "flake")}#${attribute}`, options);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const deploySchema = v.object({
  nodes: v.object({
    web: v.object({
      hostname: v.string(),
      profiles: v.object({ system: v.object({ path: v.string() }) }),
    }),
  }),
});
const activationSchema = v.object({ base: v.string(), activate: v.string(), boot: v.string() });

function text(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** What a host has, as data. */
const HOST = `host: {
  file = builtins.fromJSON host.config.services.deployFinalize.configFile.unchecked.text;
  refusals = builtins.filter (one: !one.assertion) host.config.assertions;
  inherit (host.config) warnings;
}`;
const hostSchema = v.object({
  file: v.looseObject({ waitFor: v.looseObject({ runners: v.array(v.unknown()) }) }),
  refusals: v.array(v.unknown()),
  warnings: v.array(v.string()),
});

async function hostIn(show: Show, attribute: string): Promise<v.InferOutput<typeof hostSchema>> {
  const host = v.parse(hostSchema, await show(attribute, HOST));
  assert.deepEqual([host.refusals, host.warnings], [[], []]);
  assert.deepEqual(await problemsIn(host.file), []);
  return host;
}

void test(
  "the templates are evaluated with the newest Nix too",
  { skip: !NIXES.includes("nix-sid") && process.env["CI"] !== "true" && "run make setup as root" },
  () => {
    assert.ok(NIXES.includes("nix-sid"), "scripts/setup could not unpack it");
  },
);

for (const program of NIXES) {
  nixTest(`template deploy-rs with ${program}: what deploy-rs evaluates, whole`, async (nix) => {
    await withTemplate(nix, program, "deploy-rs", async (show) => {
      const { nodes } = v.parse(deploySchema, await show("deploy"));
      const path: unknown = JSON.parse(nodes.web.profiles.system.path);
      const activation = v.parse(activationSchema, path);
      assert.equal(activation.base, "/nix/store/toplevel");
      assert.match(activation.activate, /deploy-finalize --profile "\$PROFILE"/);
      assert.match(activation.boot, /switch-to-configuration" boot/);
      const app = await show("apps.x86_64-linux.deploy-rs");
      assert.deepEqual(app, { type: "app", program: "/nix/store/deploy-rs/bin/deploy" });
      const checks = await show("checks.x86_64-linux", "builtins.attrNames");
      assert.deepEqual(checks, ["web"]);
      const { file } = await hostIn(show, "nixosConfigurations.web");
      assert.deepEqual(file.waitFor.runners, [
        { unit: "gitea-runner-default.service", preset: "gitea-actions-runner" },
      ]);
    });
  });

  nixTest(`template nixos-rebuild with ${program}: what nixos-rebuild builds`, async (nix) => {
    await withTemplate(nix, program, "nixos-rebuild", async (show) => {
      const toplevel = await show("nixosConfigurations.web.config.system.build.toplevel");
      assert.equal(toplevel, "/nix/store/toplevel");
      await hostIn(show, "nixosConfigurations.web");
    });
  });

  nixTest(`template colmena with ${program}: the hive, and colmena itself`, async (nix) => {
    await withTemplate(nix, program, "colmena", async (show) => {
      await hostIn(show, "colmenaHive.web");
      const target = await show("colmenaHive.web.config.deployment.targetHost");
      assert.equal(target, "web");
      assert.equal(await show("packages.x86_64-linux.colmena"), "/nix/store/colmena");
    });
  });
}

const jobSchema = v.object({
  packages: v.array(v.string()),
  labels: v.array(v.string()),
  knownHosts: v.array(v.string()),
});

nixTest("template deploy-rs: the job, its runner and the deploy fit together", async (nix) => {
  await withTemplate(nix, "nix", "deploy-rs", async (show) => {
    const read = `{ config, ... }: let
      runner = config.services.gitea-actions-runner.instances.default;
    in {
      packages = map (package: package.pname) runner.hostPackages;
      inherit (runner) labels;
      knownHosts = builtins.attrNames config.programs.ssh.knownHosts;
    }`;
    const whole = v.parse(jobSchema, await show("nixosConfigurations.web", read));
    // The home of the runner's user is /, so it has no known hosts of its own.
    const { nodes } = v.parse(deploySchema, await show("deploy"));
    assert.ok(whole.knownHosts.includes(nodes.web.hostname));
    const workflow = text("templates/deploy-rs/.gitea/workflows/deploy.yaml");
    const [, runsOn = ""] = /runs-on: (\S+)/.exec(workflow) ?? [];
    assert.ok(whole.labels.includes(`${runsOn}:host`), runsOn);
    // What the workflow calls, and what reads the ID in docs/ci.md.
    assert.match(workflow, /nix run \.#deploy-rs -- /);
    assert.match(text("docs/ci.md"), /nix run \.#deploy-rs -- .* \| sed -n /);
    for (const name of ["nix", "openssh", "gnused", "coreutils", "nodejs", "git"]) {
      assert.ok(whole.packages.includes(name), name);
    }
  });
});
