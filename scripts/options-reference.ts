import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { repository } from "../test/test-host/paths.ts";
import { OPTIONS, optionsSchema } from "../test/nix/option-types.ts";
import { PrivateNix } from "../test/nix/pkgs/private-nix.ts";
import { optionsReference } from "../test/nix/reference.ts";

await using nix = new PrivateNix();
const options = v.parse(optionsSchema, await nix.evaluate(OPTIONS));
writeFileSync(join(repository, "docs/options.md"), optionsReference(options));
