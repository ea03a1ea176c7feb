import { cutsPower } from "./power-cuts.ts";

cutsPower("systemd-boot", [
  // Before the reboot: the previous system becomes the default, the target what is booted once.
  { name: "default-prepared", is: "passed" },
  { name: "default-replaced", is: "cut" },
  { name: "default-written", is: "cut" },
  { name: "one-shot-written", is: "cut" },
  { name: "reboot", is: "passed" },
  // After the verification: the target becomes the default.
  { name: "default-prepared", is: "cut" },
  { name: "default-replaced", is: "cut" },
  { name: "default-written", is: "cut" },
]);
