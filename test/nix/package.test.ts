import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { repository } from "../test-host/paths.ts";
import { ok } from "../test-host/spawn.ts";
import { Folder } from "../support/folder.ts";
import { about, manifest } from "./pkgs/about.ts";
import { nixTest } from "./pkgs/nix-test.ts";

nixTest("builds the very bundle that scripts/build makes, again and again", async (nix) => {
  const built = await nix.build(about("package"));
  using folder = new Folder();
  await ok(["sh", join(repository, "scripts/build"), folder.at("deploy-finalize.cjs")]);
  const installed = join(built, "lib/deploy-finalize");
  assert.deepEqual(readdirSync(installed), ["deploy-finalize.cjs"]);
  const [text, expected] = [installed, folder.path].map((where) =>
    readFileSync(join(where, "deploy-finalize.cjs"), "utf8"),
  );
  assert.equal(text, expected);
  // docs/requirements.md says what it takes.
  assert.ok((text?.length ?? 0) < 1_400_000, `${text?.length}`);
  assert.equal(await nix.build(about("package"), "--check"), built);
});

nixTest("runs in an empty environment, and knows its version", async (nix) => {
  const program = join(await nix.build(about("package")), "bin/deploy-finalize");
  const said = await ok(["/usr/bin/env", "--ignore-environment", program, "--version"]);
  assert.equal(said, `${manifest.version}\n`);
});

nixTest(
  "installs manual page, completions and journal catalogue where they are looked for",
  async (nix) => {
    const built = await nix.build(about("package"));
    for (const file of [
      "share/man/man8/deploy-finalize.8",
      "share/bash-completion/completions/deploy-finalize.bash",
      "share/zsh/site-functions/_deploy-finalize",
      "share/fish/vendor_completions.d/deploy-finalize.fish",
      "lib/systemd/catalog/deploy-finalize.catalog",
    ]) {
      assert.ok(existsSync(join(built, file)), file);
    }
    assert.match(readFileSync(join(built, "share/man/man8/deploy-finalize.8"), "utf8"), /^\.TH /m);
  },
);

nixTest(
  "has the alert rules, and links them to the runbook if it knows its address",
  async (nix) => {
    const file = "share/deploy-finalize/deploy-finalize.rules.yml";
    const rules = readFileSync(join(await nix.build(about("package")), file), "utf8");
    assert.equal(
      rules,
      readFileSync(join(repository, "contrib/prometheus", basename(file)), "utf8"),
    );
    const url = "https://git.example.org/docs/runbook.md";
    const linked = await nix.build(about(`call { runbookUrl = "${url}"; }`));
    const links = readFileSync(join(linked, file), "utf8").matchAll(
      /^ +runbook_url: "(.*)#(.*)"$/gm,
    );
    const names = [...links].map(([, base, name]) => (assert.equal(base, url), name));
    assert.deepEqual(
      names,
      [...rules.matchAll(/help ([a-z-]+), or man/g)].map(([, name]) => name),
    );
    const page = readFileSync(join(repository, "docs/runbook.md"), "utf8");
    for (const name of names) assert.ok(page.includes(`<a id="${name}"></a>`), name);
  },
);

/** What `node --help` lists, but what people set for every program. */
async function variablesOfNode(): Promise<string[]> {
  const forEveryProgram = new Set(["FORCE_COLOR", "NO_COLOR", "TZ"]);
  const help = await ok([process.execPath, "--help"]);
  const listed = [
    ...help.slice(help.indexOf("Environment variables:")).matchAll(/^[A-Z][A-Z0-9_]+/gm),
  ];
  return listed.map(([name]) => name).filter((name) => !forEveryProgram.has(name));
}

nixTest("hands nothing of its caller's environment on that steers Node", async (nix) => {
  const program = join(await nix.build(about("package")), "bin/deploy-finalize");
  const wrapper = readFileSync(program, "utf8");
  for (const name of ["NODE_OPTIONS", ...(await variablesOfNode())]) {
    assert.match(wrapper, new RegExp(`^unset ${name}$`, "m"));
  }
  using folder = new Folder();
  const noise = folder.write("noise.cjs", "console.log('noise')");
  for (const options of ["--require=/no/such", "--no-such-option", `--require=${noise}`]) {
    const env = { NODE_OPTIONS: options, NODE_V8_COVERAGE: folder.at("coverage") };
    assert.equal(await ok([program, "--version"], { env }), `${manifest.version}\n`);
  }
  assert.ok(!existsSync(folder.at("coverage")));
});

/** A Node that shows the PATH it was started with; the build only wants the version. */
const PATH_TELLER = `pkgs.runCommand "node" { version = "24.9.0"; pname = "node"; meta.mainProgram = "node"; } ''
  mkdir -p $out/bin
  printf '%s\\n' '#!/bin/sh' 'case "$*" in *--version) echo ${manifest.version} ;; *) echo "$PATH" ;; esac' > $out/bin/node
  chmod +x $out/bin/node
''`;

nixTest("has its own programs first in PATH, then the caller's, then the system's", async (nix) => {
  const built = await nix.build(about(`call { nodejs-slim = ${PATH_TELLER}; }`));
  const argv = [join(built, "bin/deploy-finalize"), "schedule"];
  const path = (await ok(argv, { env: { PATH: "/the/callers:/own" } })).trim().split(":");
  const system = ["/run/wrappers/bin", "/run/current-system/sw/bin"];
  const own = path.slice(0, path.indexOf("/the/callers"));
  assert.deepEqual(path.slice(own.length), ["/the/callers", "/own", ...system]);
  for (const program of programsRun()) {
    assert.ok(
      own.some((folder) => existsSync(join(folder, program))),
      `${program} in ${own.join(":")}`,
    );
  }
});

/** The programs that the sources start by name: the first words of argument lists. */
function programsRun(): string[] {
  const sources = readdirSync(join(repository, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(repository, "src", name), "utf8"));
  const argv =
    /\[\s*"(nix(?:-[a-z]+)?|systemd-[a-z]+|busctl|systemctl|journalctl|loginctl|flock|logger)"/g;
  const found = sources.flatMap((text) => [...text.matchAll(argv)].map(([, name = ""]) => name));
  for (const known of ["systemctl", "nix-env", "flock"]) assert.ok(found.includes(known), known);
  // flock(1) runs this one.
  return [...found, "cat"];
}

function node(version: string): string {
  return `{ version = "${version}"; outPath = "/node-${version}"; meta.mainProgram = "node"; }`;
}

nixTest("takes Node 24 by name where nixpkgs' default is older", async (nix) => {
  const installing = async (slim: string): Promise<string> => {
    const nodes = `{ nodejs-slim = ${node(slim)}; nodejs-slim_24 = ${node("24.1.0")}; }`;
    return String(await nix.evaluate(about(`(call ${nodes}).installPhase`)));
  };
  assert.match(await installing("22.21.0"), /makeWrapper \/node-24\.1\.0\/bin\/node/);
  assert.match(await installing("26.0.0"), /makeWrapper \/node-26\.0\.0\/bin\/node/);
});

nixTest("says what it is", async (nix) => {
  const told = `removeAttrs package.meta [ "longDescription" ] // { inherit (package) name; }`;
  assert.deepEqual(await nix.evaluate(about(told)), {
    name: `${manifest.name}-${manifest.version}`,
    description: manifest.description,
    license: { spdxId: manifest.license, free: true },
    mainProgram: "deploy-finalize",
    maintainers: [],
    platforms: ["x86_64-linux", "aarch64-linux"],
    ...(manifest.homepage !== undefined && { homepage: manifest.homepage }),
  });
});

nixTest("is built from nothing but what it needs", async (nix) => {
  const files = await nix.evaluate(about("builtins.attrNames (builtins.readDir package.src)"));
  assert.deepEqual(files, ["contrib", "man", "package.json", "scripts", "src", "tsconfig.json"]);
  const scripts = await nix.evaluate(
    about(`builtins.attrNames (builtins.readDir "\${package.src}/scripts")`),
  );
  assert.deepEqual(scripts, ["build"]);
});

nixTest("refuses libraries of other versions than package.json has", async (nix) => {
  const lib = `pkgs.lib // { importJSON = path: pkgs.lib.importJSON path // { dependencies.commander = "0.0.1"; }; }`;
  const said = await nix.refusal(about(`(call { lib = ${lib}; }).drvPath`));
  assert.match(
    said,
    /package\.json wants \{"commander":"0\.0\.1"\}\. Update versions and hashes in nix\/sources\.nix/,
  );
});

nixTest("a program that does not start fails the build", async (nix) => {
  const broken = `pkgs.runCommand "node" { version = "24.0.0"; pname = "node"; meta.mainProgram = "node"; } ''
    mkdir -p $out/bin; ln -s /bin/true $out/bin/node
  ''`;
  await assert.rejects(nix.build(about(`call { nodejs-slim = ${broken}; }`)), /--version said ''/);
});
