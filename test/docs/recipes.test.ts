import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Folder } from "../support/folder.ts";
import { documents } from "./documents.ts";

// The recipes of docs/other-deployers.md, each with stand-ins for its tools that take only what the real ones
// take: notes/other-deployers.md.

const FINALIZES = "/nix/var/nix/profiles/system/sw/bin/deploy-finalize";

/** For each tool what it may be called with; a flag that ends in = has a value, which follows it. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  "nixos-rebuild": ["boot", "--flake=", "--target-host=", "--sudo", "--elevate="],
  nixos: ["apply", ".#web", "--no-activate", "--yes", "--target-host=", "--remote-root"],
  colmena: ["apply", "boot", "exec", "--on=", "--", FINALIZES],
  clan: ["vars", "upload", "web"],
  ssh: ["root@web", "alice@web", "sudo", FINALIZES],
};

/** The heading of each recipe, and the commands that its blocks call, in their order. */
const RECIPES: Readonly<Record<string, readonly string[]>> = {
  "nixos-rebuild": ["nixos-rebuild", "ssh", "nixos-rebuild", "ssh"],
  "nixos-cli": ["nixos", "ssh"],
  colmena: ["colmena", "colmena"],
  clan: ["clan", "nixos-rebuild", "ssh"],
};

const page = documents().find(({ path }) => path === "docs/other-deployers.md")?.text ?? "";

function blocksUnder(heading: string): string[] {
  const [, section = ""] =
    new RegExp(`^## ${heading}\\n(.*?)(?=^## |$(?![^]))`, "ms").exec(page) ?? [];
  const all = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  // The loop that waits is tried in loops.test.ts.
  return all.filter((block) => !block.includes("until ssh"));
}

const STAND_IN = `#!/bin/sh
echo "\${0##*/}" "$@" >>"$CALLS"
`;

function callsOf(blocks: readonly string[]): string[][] {
  using folder = new Folder();
  for (const tool of Object.keys(TOOLS)) chmodSync(folder.write(`bin/${tool}`, STAND_IN), 0o755);
  const calls = folder.write("calls", "");
  const env = { PATH: `${folder.at("bin")}:/usr/bin:/bin`, CALLS: calls };
  const ended = spawnSync("sh", ["-euc", blocks.join("\n")], { env, encoding: "utf8" });
  assert.deepEqual([ended.status, ended.stderr], [0, ""]);
  const lines = readFileSync(calls, "utf8").trim().split("\n");
  return lines.map((line) => line.split(" "));
}

/** What a tool does not take. */
function unknownIn([tool = "", ...words]: readonly string[]): string[] {
  const known = TOOLS[tool] ?? [];
  return words.filter((word, at) => {
    const isValue = at > 0 && known.includes(`${words[at - 1] ?? ""}=`);
    return !isValue && !known.includes(word) && !known.includes(`${word}=`);
  });
}

for (const [heading, tools] of Object.entries(RECIPES)) {
  test(`the recipe for ${heading} has three lines at most, with what its tools take`, () => {
    const blocks = blocksUnder(heading);
    assert.ok(blocks.length > 0, heading);
    for (const block of blocks) assert.ok(block.trim().split("\n").length <= 3, block);
    const calls = callsOf(blocks);
    assert.deepEqual(
      calls.map(([tool]) => tool),
      tools,
    );
    assert.deepEqual(calls.flatMap(unknownIn), []);
    assert.equal(calls.at(-1)?.at(-1), FINALIZES);
  });
}

test("a recipe with what its tool does not take is found", () => {
  assert.deepEqual(
    unknownIn(["nixos-rebuild", "switch", "--use-remote-sudo", "--flake", ".#web"]),
    ["switch", "--use-remote-sudo"],
  );
});
