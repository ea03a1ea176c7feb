import { fuzzAll } from "./fuzz.ts";

fuzzAll("many", { runs: 100_000, mostMs: 100 });
