import { cutPower } from "./chaos.ts";
import { survivals } from "./survivals.ts";

survivals("a power cut", cutPower);
