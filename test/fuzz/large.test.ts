import { fuzzAll } from "./fuzz.ts";

fuzzAll("large", { runs: 100, mostMs: 75 });
