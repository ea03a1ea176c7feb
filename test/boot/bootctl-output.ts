import { NEW, OLD } from "./loaders.ts";

const UKI = {
  id: "nixos-generation-2.efi",
  path: "/boot/EFI/Linux/nixos-generation-2.efi",
  root: "/boot",
  title: "NixOS 25.11 (Generation 2)",
  showTitle: "NixOS 25.11 (Generation 2)",
  sortKey: "nixos",
  version: "Generation 2",
  options: `init=${NEW}/init loglevel=4`,
};

const CONF = {
  id: "nixos-generation-1.conf",
  path: "/boot/loader/entries/nixos-generation-1+2-1.conf",
  root: "/boot",
  title: "NixOS",
  showTitle: "NixOS (Generation 1)",
  version: "Generation 1",
  machineId: "0123456789abcdef0123456789abcdef",
  options: `init=${OLD}/init loglevel=4`,
  linux: "/EFI/nixos/k.efi",
};

const MEMTEST = { id: "memtest.conf", root: "/boot", title: "Mem", efi: "/EFI/memtest.efi" };

/** What `bootctl --json=short list` of systemd 252 prints: an object a line. */
export const LISTED_252 = [
  { ...UKI, linux: "EFI/Linux/nixos-generation-2.efi" },
  { ...CONF, triesLeft: 2, triesDone: 1 },
  MEMTEST,
]
  .map((one) => `${JSON.stringify(one)}\n`)
  .join("");

const SINCE_257 = { isReported: false, isDefault: false, addons: null };

/** What 257 and 262 print: an array. */
export const LISTED = `${JSON.stringify([
  {
    type: "type2",
    source: "esp",
    ...UKI,
    linux: "/EFI/Linux/nixos-generation-2.efi",
    profile: 0,
    ...SINCE_257,
    cmdline: UKI.options,
  },
  {
    type: "type1",
    source: "esp",
    ...CONF,
    initrd: ["/EFI/nixos/i.efi"],
    ...SINCE_257,
    triesLeft: 2,
    triesDone: 1,
  },
  { type: "type1", source: "esp", ...MEMTEST, ...SINCE_257 },
  { type: "auto", id: "auto-reboot-to-firmware-setup", title: "Firmware", ...SINCE_257 },
])}\n`;
