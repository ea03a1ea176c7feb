import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { placeOf } from "../../../src/core/old-code/places.ts";
import {
  argumentsOf,
  devicesOf,
  mappedCode,
  scriptOf,
  storePathOf,
} from "../../../src/core/old-code/processes.ts";
import { parseUnit, whyNotRestarted } from "../../../src/core/old-code/unit-settings.ts";
import { changeOf } from "../../../src/core/user-units/changes.ts";
import { userUnitOf } from "../../../src/explain/user-units.ts";
import { whyWaitsForItself } from "../../../src/finalize/waits-for-itself.ts";
import { parseProcesses } from "../../../src/host/files/control-group.ts";
import { secondsSinceStart } from "../../../src/host/process/clock.ts";
import { parseFlocks } from "../../../src/host/files/kernel-locks.ts";
import { aRecord } from "../../support/records.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const STORE = `/nix/store/${"a".repeat(32)}-web-1`;
const MAPS = `/proc/712/maps:7f1c2a000000-7f1c2a021000 r-xp 00001000 fd:01 1234   ${STORE}/lib/libc.so.6
/proc/9/maps:55d0-55d1 r-xp 0 00:1a 7 ${STORE}/bin/web (deleted)
`;
const ARGUMENTS = `/proc/712/cmdline:1:${STORE}/bin/bash\0/proc/712/cmdline:2:-e\0/proc/712/cmdline:3:${STORE}/x\n\0`;
const GROUPS = `0::/user.slice/user-1000.slice/user@1000.service/app.slice/gitea-runner.service
1:name=systemd:/system.slice/docker-1a2b.scope/payload
`;
const LOCKS = `1: FLOCK  ADVISORY  WRITE 708 00:1a:1234 0 EOF
1: -> FLOCK  ADVISORY  WRITE 709 00:1a:1234 0 EOF
2: POSIX  ADVISORY  READ 5 fd:01:9 128 128
`;
const UNIT = `[Unit]
Description=Web
After=network.target \\
  other.target
[Service]
X-ReloadIfChanged=no
ExecStart=
ExecStart=${STORE}/bin/web --port 80
ExecReload=/bin/kill
`;

const WAITING = {
  for: "CI job",
  why: "gitea-runner.service runs a job",
  since: "2026-11-22T21:30:00.000Z",
  until: null,
  next: null,
};
const RUNNER = { unit: "gitea-runner.service", preset: "gitea-actions-runner" } as const;
const CONFIG = { waitFor: { ...DEFAULT_CONFIG.waitFor, runners: [RUNNER] } };

export const PROCESSES: readonly Target[] = [
  {
    file: "core/old-code/processes.ts",
    name: "mappedCode",
    samples: [MAPS],
    parse: (text) => {
      for (const [id, paths] of mappedCode(text)) {
        assertCount(id);
        for (const path of paths) assertLine(path, 300);
      }
    },
  },
  {
    file: "core/old-code/processes.ts",
    name: "argumentsOf",
    samples: [ARGUMENTS],
    parse: (text) => {
      for (const [id, words] of argumentsOf(text)) {
        assertCount(id);
        assertLine(scriptOf(`${STORE}/bin/bash`, words) ?? "", 300);
      }
    },
  },
  {
    file: "core/old-code/processes.ts",
    name: "storePathOf",
    samples: [`${STORE}/bin/web (deleted)`],
    parse: (text) => {
      assertLine(storePathOf(text) ?? "", 300);
      assertLine(scriptOf(text, [text, text]) ?? "", 300);
    },
  },
  {
    file: "core/old-code/processes.ts",
    name: "devicesOf",
    samples: [`2049:12 /proc/712/root${STORE}\n2049:12 ${STORE}\n`],
    parse: (text) => {
      for (const place of devicesOf(text).values()) assert.match(place, /^(\d+:\d+)?$/);
    },
  },
  {
    file: "core/old-code/places.ts",
    name: "placeOf",
    samples: [GROUPS],
    parse: (text) => {
      const place = placeOf(text);
      if (place.kind === "user") assertCount(place.userId);
      else if (place.kind !== "none") assertLine(place.unit, 255);
    },
  },
  {
    file: "core/old-code/unit-settings.ts",
    name: "parseUnit",
    samples: [UNIT],
    parse: (text) => {
      for (const values of parseUnit([text, text]).values()) assert.ok(!values.includes(""));
      assertLine(whyNotRestarted([text], [text]));
    },
  },
  {
    file: "core/user-units/changes.ts",
    name: "changeOf",
    samples: [UNIT],
    parse: (text) => {
      assertLine(changeOf("web.service", [UNIT], [text]));
      assertLine(changeOf("web.service", [text], [UNIT]));
    },
  },
  {
    file: "explain/user-units.ts",
    name: "userUnitOf",
    samples: [GROUPS],
    parse: (text) => {
      assertLine(userUnitOf(text) ?? "", 255);
    },
  },
  {
    file: "finalize/waits-for-itself.ts",
    name: "whyWaitsForItself",
    samples: [GROUPS, "0::/user.slice/user-0.slice/session-4.scope\n"],
    parse: (text) => {
      const place = { controlGroups: text, bootId: "boot-1", forgeRun: null };
      assertLine(whyWaitsForItself({ record: aRecord(), waiting: WAITING }, CONFIG, place) ?? "");
    },
  },
  {
    file: "host/files/control-group.ts",
    name: "parseProcesses",
    samples: ["0\n712\n4194304\n"],
    parse: (text) => {
      for (const id of parseProcesses(text)) assertCount(id);
    },
  },
  {
    file: "host/files/kernel-locks.ts",
    name: "parseFlocks",
    samples: [LOCKS],
    parse: (text) => {
      for (const { processId, inode } of parseFlocks(text)) {
        assertCount(processId);
        assert.match(inode, /^[0-9a-f]+:[0-9a-f]+:\d+$/);
      }
    },
  },
  {
    file: "host/process/clock.ts",
    name: "secondsSinceStart",
    samples: [
      "4711.25 9000.10\n1 (systemd) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1234 5 6",
    ],
    parse: (text) => {
      const [uptime = "", stat = ""] = text.split("\n", 2);
      const seconds = secondsSinceStart(uptime, stat);
      wellFormed([seconds, new Date(1_795_642_200_000 - (seconds ?? 0) * 1000)]);
    },
  },
];
