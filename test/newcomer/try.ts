import { join } from "node:path";
import { launch } from "../demo/launch.ts";

/** The way in: `make try`. */
launch("try", join(import.meta.dirname, "play.ts"));
