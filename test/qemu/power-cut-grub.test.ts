import { cutsPower } from "./power-cuts.ts";

// The program itself writes the one-shot, between the default and the reboot.
cutsPower("grub-bios", [
  { name: "default-prepared", is: "passed" },
  { name: "default-replaced", is: "cut" },
  { name: "default-written", is: "cut" },
  { name: "reboot", is: "cut" },
  { name: "default-prepared", is: "passed" },
  { name: "default-replaced", is: "cut" },
  { name: "default-written", is: "cut" },
]);
