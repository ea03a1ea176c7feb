// Compiles a script, and every function in it, into V8's code cache beside it, which launch.ts takes.
import { readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

const [, , file = ""] = process.argv;
// V8 takes a cache only under the flags that it was made under, so this one is set back.
setFlagsFromString("--no-lazy");
const script = new Script(readFileSync(file, "latin1"), { filename: file });
setFlagsFromString("--lazy");
writeFileSync(file.replace(/\.cjs$/, `.${process.arch}.cache`), script.createCachedData());
