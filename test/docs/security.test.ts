import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "./documents.ts";

const page = readFileSync(join(repository, "docs/security.md"), "utf8");
const threats = /^## Who can do what$(.*?)^## /ms.exec(page)?.[1] ?? "";
/** The lines of the tables, without their heads. */
const lines = threats.split("\n").filter((line) => /^\|(?! can |---)/.test(line));
const testOf = (line: string): string => /\| `(test\/[\w./-]+)` \|$/.exec(line)?.[1] ?? "";

test("each line of the threat model names a test that is there", () => {
  assert.ok(lines.length >= 25, `${lines.length} lines`);
  const without = lines.filter((line) => {
    const path = testOf(line);
    return path === "" || !existsSync(join(repository, path));
  });
  assert.deepEqual(without, []);
});

test("each actor of the threat model has lines", () => {
  const actors = threats.split(/^### /m).slice(1);
  assert.equal(actors.length, 5);
  for (const actor of actors) assert.match(actor, /`test\//);
});

test("the program opens no port, as docs/security.md says", () => {
  const src = join(repository, "src");
  const opening = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .filter((path) =>
      /\.listen\(|createServer|createSocket|node:(dgram|inspector|cluster)/.test(
        readFileSync(join(src, path), "utf8"),
      ),
    );
  assert.deepEqual(opening, []);
});

test("the rights in docs/security.md are those of the sandbox", () => {
  const source = readFileSync(join(repository, "src/host/network/sandbox.ts"), "utf8");
  for (const capability of source.match(/CAP_\w+/g) ?? []) assert.ok(page.includes(capability));
  const rights = /^## The rights of each unit$(.*?)^## /ms.exec(page)?.[1] ?? "";
  for (const left of ["MemoryDenyWriteExecute", "PrivateUsers", "DynamicUser", "LoadCredential"]) {
    assert.ok(rights.includes(left), left);
    assert.doesNotMatch(source, new RegExp(`"${left}`));
  }
});
