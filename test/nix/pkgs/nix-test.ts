import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test, type TestContext } from "node:test";
import { PrivateNix } from "./private-nix.ts";

/** The programs these tests need on the machine, and the Debian package each comes from. */
const needed = { "nix-build": "nix-bin", scdoc: "scdoc" };

/**
 * A test with a Nix of its own. Skipped with the reason where Nix is not installed, but a
 * failure there with CI=true.
 */
export function nixTest(
  name: string,
  body: (nix: PrivateNix, context: TestContext) => Promise<void>,
): void {
  const missing = Object.entries(needed).filter(([program]) => placeOf(program) === undefined);
  const reason = `Debian packages not installed: ${missing.map(([, pack]) => pack).join(" ")}`;
  if (missing.length > 0 && process.env["CI"] === "true") {
    void test(name, () => {
      throw new Error(`CI=true allows no skip: ${reason}`);
    });
    return;
  }
  void test(name, { skip: missing.length > 0 && reason, timeout: 300_000 }, async (context) => {
    await using nix = new PrivateNix();
    await body(nix, context);
  });
}

/** Where a program is, or undefined. */
export function placeOf(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((place) => existsSync(place));
}
