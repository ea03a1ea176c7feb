import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./pages.ts";

const repository = join(import.meta.dirname, "../..");

for (const [path, text] of generatedFiles((name) => readFileSync(join(repository, name), "utf8"))) {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}
