import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Folder } from "../support/folder.ts";
import { repository } from "../test-host/paths.ts";

/** What deploy-rs prints around the line of deploy-finalize, or alone if it fails. */
const DEPLOY = `#!/bin/sh
echo "🚀 ℹ️ [deploy] [INFO] Activating profile 'system' for node 'web'" >&2
[ "$FAILS" = no ] || exit 1
echo "deploy-finalize: action=switch reason=services only unit=deploy-finalize-20261122-213000-k3f9"
echo "🚀 ℹ️ [deploy] [INFO] Deployment confirmed." >&2
`;

const page = readFileSync(join(repository, "docs/ci.md"), "utf8");
const [inWorkflow = ""] = /^ *set -o pipefail\n *id=\$\(ssh [^]*?GITHUB_OUTPUT"$/m.exec(page) ?? [];
const [withDeployRs = ""] = /^set -o pipefail\nid=\$\(nix [^]*?$/m.exec(page) ?? [];

for (const [what, script] of [
  ["in a workflow", inWorkflow],
  ["with deploy-rs", `${withDeployRs}\necho "id=$id" >> "$GITHUB_OUTPUT"`],
] as const) {
  for (const fails of ["no", "yes"]) {
    test(`docs/ci.md: the ID is read ${what}${fails === "yes" ? ", and a deploy that fails is not green" : ""}`, () => {
      assert.match(script, /sed -n/);
      using folder = new Folder();
      for (const name of ["ssh", "nix"]) chmodSync(folder.write(`bin/${name}`, DEPLOY), 0o755);
      const output = folder.write("output", "");
      const path = `${folder.at("bin")}:${process.env["PATH"] ?? ""}`;
      const env = { PATH: path, GITHUB_OUTPUT: output, FAILS: fails };
      // As the forges call it.
      const ended = spawnSync("bash", ["--norc", "-e", "-c", script], { env, encoding: "utf8" });
      assert.equal(ended.status, fails === "yes" ? 1 : 0, ended.stderr);
      const id = fails === "yes" ? "" : "id=20261122-213000-k3f9\n";
      assert.equal(readFileSync(output, "utf8"), id);
    });
  }
}
