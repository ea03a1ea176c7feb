import assert from "node:assert/strict";
import { versionInStorePath } from "../../../src/explain/components.ts";
import { parseClosureDiff, parseClosureSizes } from "../../../src/explain/packages.ts";
import { ActivationListener } from "../../../src/host/nixos/activation-output.ts";
import { bondsOf, parseDryActivate } from "../../../src/host/nixos/dry-activation.ts";
import { passphrasesIn } from "../../../src/host/nixos/target-config.ts";
import { revisionIn } from "../../../src/host/nixos/revision.ts";
import { parseInhibitors } from "../../../src/host/nixos/toplevel.ts";
import { parseProperties } from "../../../src/host/systemd/units.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const DRY = `would stop the following units: a.service, b.timer
would NOT stop the following changed units: systemd-logind.service
would activate the configuration...
would restart systemd
would reload the following units: dbus.service
would restart the following units as well: c.service
would start the following units: a.service
`;

const ACTIVATION = `stopping the following units: a.service, b.service
activating the configuration...
setting up /etc...
Activation script snippet 'secrets' failed (1)
reloading user units for anna...
Failed to restart user unit sync.service: Unit not found
warning: user activation for anna failed
Failed to start b.service: Unit b.service failed to load properly
warning: the following units failed: b.service, c.mount
× b.service - Beta
`;

const DIFF = `acpi-call: 2020-04-07-5.8.16 → 2020-04-07-5.8.18
bluez-qt: +12.6 KiB
dolphin: 20.08.1, 20.08.0 → 20.08.2, \u001B[31;1m+13.9 KiB\u001B[0m
kdeconnect: 20.08.2 → ∅, \u001B[32;1m-6597.8 KiB\u001B[0m
unit-x.service: ε → ∅
warning: you don't have Internet access
`;

const SIZES = "/nix/store/a-x \t      67144\n/nix/store/b-y\t6968\nwarning: /nix/store/c 5\n";
const HASH = "0123456789abcdfghijklmnpqrsvwxyz";

export const NIXOS: readonly Target[] = [
  {
    file: "host/nixos/target-config.ts",
    name: "passphrasesIn",
    samples: [JSON.stringify({ delay: 5, reboot: { allow: true, passphrases: ["root"] } })],
    parse: (text) => {
      for (const name of passphrasesIn(text) ?? []) assert.equal(typeof name, "string");
    },
  },
  {
    file: "host/nixos/dry-activation.ts",
    name: "parseDryActivate",
    samples: [DRY],
    parse: (text) => {
      const { systemd, ...lists } = parseDryActivate(text);
      assert.ok(["stays", "restarts"].includes(systemd));
      for (const unit of Object.values(lists).flat()) assert.match(unit, /^[^\n]+$/);
    },
  },
  {
    file: "host/nixos/dry-activation.ts",
    name: "bondsOf",
    samples: ["Id=a.service\nRequires=b.service c.socket\nPartOf=\n\nId=b.service\n"],
    parse: (text) => {
      for (const names of bondsOf(parseProperties(text)).values()) assert.ok(!names.includes(""));
    },
  },
  {
    file: "host/nixos/activation-output.ts",
    name: "ActivationListener",
    samples: [ACTIVATION],
    parse: (text) => {
      const listener = new ActivationListener();
      const half = Math.floor(text.length / 2);
      listener.hear(text.slice(0, half), "stderr");
      listener.hear(text.slice(half), "stderr");
      const { failedJobs, userTrouble } = listener.words();
      assert.ok(failedJobs.length <= 100 && userTrouble.length <= 100);
      for (const { unit } of failedJobs) assertLine(unit, 255);
      for (const line of userTrouble) assertLine(line, 310);
    },
  },
  {
    file: "host/nixos/toplevel.ts",
    name: "parseInhibitors",
    samples: ['{"kernel":"6.12.9","users":{"a":1}}'],
    parse: (text) => {
      const inhibitors = parseInhibitors(text);
      if (inhibitors.kind !== "present") return;
      for (const value of Object.values(inhibitors.values)) assert.equal(typeof value, "string");
    },
  },
  {
    file: "host/nixos/revision.ts",
    name: "revisionIn",
    samples: [
      '{"configurationRevision":"9f3c1b7a5d2e4860f1a2b3c4d5e6f708192a3b4c","nixosVersion":"26.11"}',
    ],
    parse: (text) => {
      assertLine(revisionIn(text) ?? "", 500);
    },
  },
  {
    file: "explain/packages.ts",
    name: "parseClosureDiff",
    samples: [DIFF],
    parse: (text) => {
      wellFormed(parseClosureDiff(text));
    },
  },
  {
    file: "explain/packages.ts",
    name: "parseClosureSizes",
    samples: [SIZES],
    parse: (text) => {
      for (const bytes of parseClosureSizes(text).values()) assertCount(bytes);
    },
  },
  {
    file: "explain/components.ts",
    name: "versionInStorePath",
    samples: [`/nix/store/${HASH}-linux-6.12.9-modules-shrunk/lib`, `/nix/store/${HASH}-initrd`],
    parse: (text) => {
      assert.doesNotMatch(versionInStorePath(text) ?? "", /\//);
    },
  },
];
