import { hostAvailable } from "./available.ts";
import { image } from "./image.ts";

/** Makes the image of the test hosts before the tests start, where there can be hosts. */
if (hostAvailable().available) await image();
