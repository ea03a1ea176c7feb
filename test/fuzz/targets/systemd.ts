import assert from "node:assert/strict";
import * as v from "valibot";
import { windowAt } from "../../../src/core/config/windows/window-config.ts";
import { secondsOf } from "../../../src/gates/runners/drains.ts";
import { activationIn, activationInJournal } from "../../../src/host/systemd/boot-activation.ts";
import { secondsSince } from "../../../src/host/systemd/boot-stage.ts";
import { parseElapses, unreadOutput } from "../../../src/host/systemd/calendar.ts";
import { parseInhibitors } from "../../../src/host/systemd/logind/inhibitors.ts";
import { endsIn, processIn } from "../../../src/host/systemd/logind/ssh-login.ts";
import { parseShutdowns } from "../../../src/host/systemd/logind/shutdown.ts";
import { jobsInWords, parseJobs } from "../../../src/host/systemd/jobs.ts";
import { parseJournal } from "../../../src/host/systemd/journal-entries.ts";
import {
  fieldsIn,
  hasTerminal,
  nameIn,
  sessionOfControlGroup,
} from "../../../src/host/systemd/logind/sessions.ts";
import { toUnitStates } from "../../../src/host/systemd/unit-states.ts";
import { parseProperties, parseUnits } from "../../../src/host/systemd/units.ts";
import { unitNamesIn } from "../../../src/host/systemd/user-managers.ts";
import { logSchema } from "../../../src/json/history.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const SHOWN = `Id=a.service
LoadState=loaded
ActiveState=active
SubState=running
Type=notify
Transient=no
Job=0
Result=success
NRestarts=3
ExecMainStartTimestamp=@1795642200
ActiveEnterTimestamp=@1795642201
InactiveExitTimestampMonotonic=12345678
InactiveEnterTimestampMonotonic=0
ConditionResult=yes
ConditionTimestampMonotonic=12345
AssertResult=no
AssertTimestampMonotonic=12345
TriggeredBy=a.socket a.timer
WantedBy=multi-user.target default.target
ControlGroup=/system.slice/a.service
Requires=system.slice sysinit.target

Id=b.timer
LoadState=bad-setting
ActiveState=failed
`;

const LISTED = `  a.service loaded active running Alpha
● b.service not-found failed failed b.service
* c@1.service masked inactive dead Gamma
↻ d.scope loaded active running Session 2 of user root
`;

const JOBS = `  98 multi-user.target              start waiting
12 join.service start running
`;

const ELAPSES = `  Original form: Sat 02:00
Normalized form: Sat *-*-* 02:00:00
    Next elapse: Sat 2026-03-28 02:00:00 CET
       (in UTC): Sat 2026-03-28 01:00:00 UTC
       From now: 3 months 27 days left
   Iteration #2: Sat 2026-04-04 02:00:00 CEST
       (in UTC): Sat 2026-04-04 00:00:00 UTC
       Iter. #3: Sat 2026-04-11 02:00:00 UTC
    Next elapse: never
`;

const ENTRY = JSON.stringify({
  __REALTIME_TIMESTAMP: "1795642200123456",
  MESSAGE: "live: the target is the running system",
  MESSAGE_ID: "77008520fc14421aafd2ca001e9c0f6d",
  PRIORITY: "5",
  UNIT: "deploy-finalize-20261122-213000-aaaa.service",
  _SYSTEMD_UNIT: "init.scope",
  DEPLOY_FINALIZE_STATE: "live",
});
const BLOB = JSON.stringify({
  __REALTIME_TIMESTAMP: "1",
  MESSAGE: [104, 105, 255],
  PRIORITY: ["3", "4"],
  UNIT: null,
});

const BEGIN = "running activation script...";
const SNIPPET = "Activation script snippet 'secrets' failed (1)";
const BOOT_JOURNAL = [BEGIN, SNIPPET]
  .map((MESSAGE) => JSON.stringify({ MESSAGE, _TRANSPORT: "kernel", _UID: "0" }))
  .join("\n");

const INHIBITORS = JSON.stringify({
  type: "a(ssssuu)",
  data: [[["shutdown:sleep", "backup", "it runs", "block", 0, 4711]]],
});

const GROUPS =
  "0::/user.slice/user-1000.slice/session-4.scope\n1:name=systemd:/system.slice/a.service\n";
const WINDOW = { start: "Sat 02:00", duration: 7200, offset: 0 };
const NOW = new Date("2026-03-28T01:30:00Z");

export const SYSTEMD: readonly Target[] = [
  {
    file: "host/systemd/units.ts",
    name: "parseUnits",
    samples: [LISTED],
    parse: (text) => {
      for (const unit of parseUnits(text)) {
        for (const word of Object.values(unit)) assert.match(word, /^\S+$/);
      }
    },
  },
  {
    file: "host/systemd/units.ts",
    name: "parseProperties",
    samples: [SHOWN],
    parse: (text) => {
      for (const unit of parseProperties(text)) assert.ok(Object.keys(unit).length > 0);
    },
  },
  {
    file: "host/systemd/unit-states.ts",
    name: "toUnitStates",
    samples: [SHOWN],
    parse: (text) => {
      for (const unit of toUnitStates(parseProperties(text))) {
        wellFormed(unit);
        const { restarts, startedAt, endedAt, mainStart, activeSince } = unit;
        for (const count of [restarts, startedAt, endedAt, mainStart ?? 0, activeSince ?? 0]) {
          assertCount(count);
        }
      }
    },
  },
  {
    file: "gates/runners/drains.ts",
    name: "secondsOf",
    samples: ["1min 30s", "infinity", "2w 3d", "1h 5min 2s"],
    parse: (text) => {
      const seconds = secondsOf(text);
      assert.ok(seconds >= 0, `${seconds} is no span`);
    },
  },
  {
    file: "host/systemd/jobs.ts",
    name: "parseJobs",
    samples: [JOBS],
    parse: (text) => {
      assertLine(jobsInWords(parseJobs(text)));
    },
  },
  {
    file: "host/systemd/calendar.ts",
    name: "parseElapses",
    samples: [ELAPSES],
    parse: (text) => {
      const elapses = parseElapses(text);
      wellFormed([elapses, windowAt(WINDOW, NOW, elapses)]);
      assertLine(unreadOutput(text) ?? "");
    },
  },
  {
    file: "host/systemd/journal-entries.ts",
    name: "parseJournal",
    samples: [ENTRY, BLOB],
    parse: (text) => {
      for (const entry of parseJournal(text)) {
        wellFormed(entry);
        v.parse(logSchema, entry);
      }
    },
  },
  {
    file: "host/systemd/boot-activation.ts",
    name: "activationInJournal",
    samples: [BOOT_JOURNAL],
    parse: (text) => {
      assert.notEqual(activationInJournal(text)?.kind, "unknown");
    },
  },
  {
    file: "host/systemd/boot-activation.ts",
    name: "activationIn",
    samples: [`${BEGIN}\n${SNIPPET}\n`],
    parse: (text) => {
      assert.notEqual(activationIn(text.split("\n"))?.kind, "unknown");
    },
  },
  {
    file: "host/systemd/boot-stage.ts",
    name: "secondsSince",
    samples: ["4711.25 9000.10\n12345678"],
    parse: (text) => {
      const [uptime = "", began = ""] = text.split("\n", 2);
      wellFormed(secondsSince(uptime, Number(began)));
    },
  },
  {
    file: "host/systemd/logind/inhibitors.ts",
    name: "parseInhibitors",
    samples: [INHIBITORS],
    parse: (text) => {
      for (const inhibitor of parseInhibitors(text)) assertCount(inhibitor.processId);
    },
    // The gate is unknown then, and waits.
    mayThrow: /^cannot read the list of inhibitors: /,
  },
  {
    file: "host/systemd/logind/shutdown.ts",
    name: "parseShutdowns",
    samples: [
      '{"type":"b","data":true}\n{"type":"(st)","data":["poweroff",1795500000000000]}\n',
      '{"type":"b","data":false}\n{"type":"(st)","data":["",18446744073709551615]}\n',
    ],
    parse: (text) => {
      const at = parseShutdowns(text)?.scheduled?.at ?? null;
      assert.ok(at === null || !Number.isNaN(at.getTime()));
    },
  },
  {
    file: "host/systemd/logind/sessions.ts",
    name: "sessionOfControlGroup",
    samples: [GROUPS],
    parse: (text) => {
      assert.match(sessionOfControlGroup(text) ?? "1", /^[A-Za-z0-9]+$/);
    },
  },
  {
    file: "host/systemd/logind/sessions.ts",
    name: "hasTerminal",
    samples: ["712 (agetty (x) y) S 1 712 712 1025 712 4194560 187 0 0 0 1\n"],
    parse: (text) => {
      assert.equal(typeof hasTerminal(text), "boolean");
    },
  },
  {
    file: "host/systemd/logind/sessions.ts",
    name: "fieldsIn",
    samples: [
      "UID=1000\nUSER=anna\nCLASS=user\nSTATE=active\nTYPE=tty\nTTY=pts/0\nSCOPE=session-4.scope\n",
    ],
    parse: (text) => {
      for (const field of fieldsIn(text).keys()) assert.doesNotMatch(field, /[=\n]/);
    },
  },
  {
    file: "host/systemd/logind/ssh-login.ts",
    name: "endsIn",
    samples: [
      "SSH_CONNECTION=192.0.2.7 51742 192.0.2.1 22\0",
      "SSH_CONNECTION=fe80::1%eth0 1 ::1 22",
    ],
    parse: (text) => {
      const ends = endsIn(text);
      for (const address of ends === null ? [] : [ends.from, ends.to])
        assert.match(address, /^[\w.:%]+$/);
    },
  },
  {
    file: "host/systemd/logind/ssh-login.ts",
    name: "processIn",
    samples: ["712 (sshd-session) S 1 712 712 0 -1", "9 (a) b (c) R 712 9 9 0 -1"],
    parse: (text) => {
      const seen = processIn(text);
      if (seen !== null) assert.ok(seen.id >= 0 && seen.parent >= 0);
    },
  },
  {
    file: "host/systemd/user-managers.ts",
    name: "unitNamesIn",
    samples: [
      "backup.service loaded failed failed Backup\nsync@a.timer loaded failed failed Sync\n",
    ],
    parse: (text) => {
      for (const name of unitNamesIn(text)) assertLine(name, 255);
    },
  },
  {
    file: "host/systemd/logind/sessions.ts",
    name: "nameIn",
    samples: ["# This is private data.\nNAME=anna\nSTATE=active\n"],
    parse: (text) => {
      assertLine(nameIn(text) ?? "", 65);
    },
  },
];
