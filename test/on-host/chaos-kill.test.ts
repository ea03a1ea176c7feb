import { killRun } from "./chaos.ts";
import { survivals } from "./survivals.ts";

survivals("kill -9 of the running finalization", killRun);
