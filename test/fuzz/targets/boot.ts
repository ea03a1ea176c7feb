import assert from "node:assert/strict";
import { entryOfVariable, textOfVariable } from "../../../src/boot/efi-variables.ts";
import { entryNamed, parseGrubConfig } from "../../../src/boot/grub-config.ts";
import { formatEnvironment, parseEnvironment } from "../../../src/boot/grub-environment.ts";
import { toplevelOf } from "../../../src/boot/loader.ts";
import { parseMounts } from "../../../src/boot/mounts.ts";
import { countingObstacle } from "../../../src/boot/systemd-boot/boot-counting.ts";
import { defaultEntry } from "../../../src/boot/systemd-boot/default-entry.ts";
import { parseEntries, valueOf } from "../../../src/boot/systemd-boot/entries.ts";
import { LISTED, LISTED_252 } from "../../boot/bootctl-output.ts";
import { grubConfig, NEW, OLD } from "../../boot/loaders.ts";
import type { Target } from "../target.ts";

const ENVIRONMENT = `# GRUB Environment Block
saved_entry=NixOS
next_entry=NixOS - All configurations>NixOS - Configuration 2 (2026-11-22 - 26.11)
odd=a\\\\b\\
c
${"#".repeat(60)}`;

const MOUNTS = `22 28 0:21 / /proc rw,nosuid,nodev shared:5 - proc proc rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/disk\\040one ro
31 28 0:30 / /var/lib rw - overlay overlay rw,lowerdir=/a,upperdir=/sysroot/b\\040c,workdir=/w
35 28 8:1 / /boot rw,relatime - vfat /dev/sda1 rw,fmask=0022
`;

const ENTRY = `title NixOS
sort-key nixos
version Generation 12 NixOS 26.11, built on 2026-11-22
linux /EFI/nixos/abc-linux-6.12.9-bzImage.efi
initrd /EFI/nixos/def-initrd-linux-6.12.9-initrd.efi
options init=${NEW}/init loglevel=4
options root=fstab
machine-id 1234
`;
const LOADER = "timeout 5\ndefault nixos-generation-12.conf\neditor no\nconsole-mode keep\n";

/** A path that is in the toplevel of an entry, without anything that ends it. */
function assertToplevel(path: string | null): void {
  if (path !== null) assert.match(path, /^\/\S+$/);
}

export const BOOT: readonly Target[] = [
  {
    file: "boot/grub-config.ts",
    name: "parseGrubConfig",
    samples: [grubConfig(OLD), grubConfig(NEW, "1>0"), grubConfig(NEW, "NixOS - Default")],
    parse: (text) => {
      const { entries, bootDefault, nextEntry } = parseGrubConfig(text);
      assertToplevel(bootDefault);
      assert.ok(["honoured", "ignored"].includes(nextEntry));
      for (const { id, toplevel } of entries) {
        // It goes into a block of which each line is a variable.
        assert.doesNotMatch(id, /\n/);
        assertToplevel(toplevel);
      }
    },
  },
  {
    file: "boot/grub-config.ts",
    name: "entryNamed",
    samples: [grubConfig(OLD)],
    parse: (text) => {
      const [first] = parseGrubConfig(text).entries;
      assertToplevel(entryNamed(text, first?.id ?? text.slice(0, 20)));
    },
  },
  {
    file: "boot/grub-environment.ts",
    name: "parseEnvironment",
    samples: [ENVIRONMENT, `${formatEnvironment(new Map([["a", "b"]]))}`],
    parse: (text) => {
      const variables = parseEnvironment(text);
      const written = formatEnvironment(variables);
      if (written === null) return;
      assert.equal(Buffer.byteLength(written), 1024);
      // Who sets one variable writes all of them.
      assert.deepEqual(parseEnvironment(written), variables);
    },
  },
  {
    file: "boot/loader.ts",
    name: "toplevelOf",
    samples: [`root=fstab init=${NEW}/init loglevel=4`],
    parse: (text) => {
      assertToplevel(toplevelOf(text));
    },
  },
  {
    file: "boot/systemd-boot/entries.ts",
    name: "parseEntries",
    samples: [LISTED, LISTED_252],
    parse: (text) => {
      for (const { id, toplevel } of parseEntries(text)) {
        assert.equal(typeof id, "string");
        assertToplevel(toplevel);
      }
    },
  },
  {
    file: "boot/systemd-boot/default-entry.ts",
    name: "defaultEntry",
    samples: ["nixos-*.conf", "NixOS-[12]?.conf", "@saved"],
    parse: (text) => {
      const entries = { list: parseEntries(LISTED), order: "menu" } as const;
      const variables = { preferred: null, default: null };
      const file = { preferred: text, default: null };
      const end = defaultEntry(entries, { variables, file });
      assert.ok(end.kind === "unknown" || entries.list.includes(end.entry));
    },
  },
  {
    file: "boot/systemd-boot/boot-counting.ts",
    name: "countingObstacle",
    samples: ["systemd-boot 258.3-1", "GRUB 2.12"],
    parse: (text) => {
      const why = countingObstacle([{ id: "nixos-generation-2", triesLeft: 3 }], text);
      assert.doesNotMatch(why ?? "", /\n/);
    },
  },
  {
    file: "boot/systemd-boot/entries.ts",
    name: "valueOf",
    samples: [ENTRY, LOADER],
    parse: (text) => {
      for (const key of ["options", "default"]) {
        assert.doesNotMatch(valueOf(text, key) ?? "", /\n/);
      }
      assertToplevel(toplevelOf(valueOf(text, "options") ?? ""));
    },
  },
  {
    file: "boot/efi-variables.ts",
    name: "textOfVariable",
    samples: ["\u0007\0\0\0s\0y\0s\0t\0e\0m\0d\0-\0b\0o\0o\0t\0 \x002\x005\x007\0\0\0"],
    parse: (text) => {
      const found = textOfVariable(Buffer.from(text, "latin1"));
      assert.notEqual(found, "");
      assert.ok(found === null || !found.endsWith("\0"));
    },
  },
  {
    file: "boot/efi-variables.ts",
    name: "entryOfVariable",
    samples: ["\u0007\0\0\0\u0003\0"],
    parse: (text) => {
      assert.match(entryOfVariable(Buffer.from(text, "latin1")) ?? "Boot0000", /^Boot[0-9A-F]{4}$/);
    },
  },
  {
    file: "boot/mounts.ts",
    name: "parseMounts",
    samples: [MOUNTS],
    parse: (text) => {
      for (const { folder, upper } of parseMounts(text)) {
        // Such a path leads nowhere, and the system call with it throws.
        for (const path of [folder, upper ?? ""])
          assert.ok(!path.includes("\0") || text.includes("\0"));
      }
    },
  },
];
