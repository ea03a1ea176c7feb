import { join } from "node:path";
import { launch } from "./launch.ts";

/** The way in: `make demo`. */
launch("demo", join(import.meta.dirname, "play.ts"));
