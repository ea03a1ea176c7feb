import assert from "node:assert/strict";
import { nameIn } from "../../../src/cli/shared/requests.ts";
import { quoted } from "../../../src/core/answer.ts";
import { forgeRunOf, REPOSITORY_PATTERN } from "../../../src/core/config/forge-run.ts";
import {
  parseConfig,
  parseRecordedConfig,
  readConfig,
} from "../../../src/core/config/parse-config.ts";
import { secretFilesIn, shownConfig } from "../../../src/core/redaction/config.ts";
import { withoutSecretLooks } from "../../../src/core/redaction/text.ts";
import { ID_PATTERN, newIdAfter } from "../../../src/core/record/id.ts";
import { matchesGlob } from "../../../src/core/glob.ts";
import { printable, printableLine, printableLines } from "../../../src/core/printable.ts";
import { Refusal } from "../../../src/core/refusal.ts";
import { LONGEST_SPAN_SECONDS, parseSpan } from "../../../src/core/span.ts";
import { apiOf, gitlabProject, pathOf } from "../../../src/forge/api.ts";
import { describeEnd } from "../../../src/host/process/spawn.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const CONFIG = {
  profile: "/nix/var/nix/profiles/system",
  delay: 60,
  rebootWhenChanged: ["kernel", "initrd"],
  waitFor: {
    runners: [
      { unit: "gitea-runner.service", preset: "gitea-actions-runner" },
      { unit: "b.service", detect: { kind: "containers", pattern: "^job-" } },
    ],
    units: ["backup-*.service"],
  },
  verify: {
    checks: [
      { kind: "http", url: "http://localhost/", status: 200 },
      { kind: "tcp", host: "localhost", port: 22 },
      { kind: "command", command: ["true"], name: "it", deadline: 5 },
    ],
    confirm: { within: 600 },
  },
  report: {
    receivers: [
      { kind: "ntfy", url: "https://ntfy.sh/topic" },
      {
        kind: "gitea",
        url: "https://git.example.org",
        tokenFile: "/run/t",
        link: "https://x/{id}",
      },
    ],
    metricsFile: "/var/lib/node-exporter/deploy.prom",
  },
  reboot: { window: { start: "Sat 02:00", duration: "1h 30min" }, sessions: { message: "Now." } },
  lock: { backend: "etcd", endpoints: ["https://etcd1:2379"], slots: 2, for: ["switch", "reboot"] },
  fleet: { wave: 1, soak: "10min", onMissing: "go-on-without" },
};

const ENVIRONMENTS = [
  "GITEA_ACTIONS=true\nGITHUB_SERVER_URL=https://git.example.org\nGITHUB_REPOSITORY=infra/hosts\nGITHUB_RUN_ID=881\nGITHUB_RUN_NUMBER=42\nGITHUB_SHA=9f3c1b7a\nGITHUB_JOB=deploy",
  "GITLAB_CI=true\nCI_SERVER_URL=https://gitlab.example.org\nCI_PROJECT_ID=7\nCI_PIPELINE_ID=9\nCI_JOB_ID=3\nCI_JOB_URL=https://gitlab.example.org/a/b/-/jobs/3",
];

function environmentIn(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => line.split("=", 2));
  return Object.fromEntries(lines.map(([name = "", value = ""]) => [name, value]));
}

/** What follows on the host's name in an address is below this path, whatever the parts are. */
function assertBelow(base: string, path: string): void {
  const { origin, pathname } = new URL(`https://git.example.org/${base}/${path}/statuses`);
  assert.equal(origin, "https://git.example.org");
  assert.ok(pathname.startsWith(`/${base}/`) && pathname.endsWith("/statuses"), pathname);
}

/** An ID that `schedule` may have made. */
function isIdOfAMoment(text: string): boolean {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-.*$/s, "$1-$2-$3T$4:$5:$6Z");
  return ID_PATTERN.test(text) && text < "9" && !Number.isNaN(Date.parse(iso));
}

/** Whether a call throws nothing but a refusal. */
function refusesAtMost(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

export const WORDS: readonly Target[] = [
  {
    file: "core/config/parse-config.ts",
    name: "parseConfig",
    samples: [JSON.stringify(CONFIG), "{}"],
    parse: (text) => {
      const read = readConfig(text, (key) => key);
      if (read.kind === "config") {
        wellFormed(read.config);
        // What is written is read again as the same.
        assert.deepEqual(
          readConfig(JSON.stringify(read.config), (key) => key),
          read,
        );
      } else if (read.kind === "wrong") {
        assert.ok(read.problems.length > 0);
      }
      refusesAtMost(() => parseConfig(text, "/etc/x.json"));
      refusesAtMost(() => parseRecordedConfig(text, "/etc/x.json"));
    },
  },
  {
    file: "core/redaction/config.ts",
    name: "shownConfig",
    samples: [JSON.stringify(CONFIG), "{}"],
    parse: (text) => {
      const shown = shownConfig(text);
      if (shown !== null) assert.deepEqual(secretFilesIn(shown), secretFilesIn(text));
      wellFormed(secretFilesIn(text));
    },
  },
  {
    file: "core/redaction/text.ts",
    name: "withoutSecretLooks",
    samples: [`token: "abc" https://u:p@h.example/?q=1 ghp_${"a".repeat(36)}`, "--secret x"],
    parse: (text) => {
      const shown = withoutSecretLooks(`${text} password=hunter2`);
      assert.ok(!shown.includes("hunter2"));
    },
  },
  {
    file: "core/config/forge-run.ts",
    name: "forgeRunOf",
    samples: ENVIRONMENTS,
    parse: (text) => {
      const run = forgeRunOf(environmentIn(text));
      for (const value of Object.values(run ?? {})) assertLine(value ?? "", 1600);
      if (run === null) return;
      if (run.server !== null) apiOf({ kind: run.forge, url: run.server });
      if (run.repository === null) return;
      assertBelow("repos", pathOf(run.repository));
      assertBelow("projects", gitlabProject(run.repository));
    },
  },
  {
    file: "core/config/forge-run.ts",
    name: "REPOSITORY_PATTERN",
    samples: ["infra/hosts", "a/b/c.d", "12"],
    parse: (text) => {
      if (REPOSITORY_PATTERN.test(text)) assertBelow("repos", pathOf(text));
    },
  },
  {
    file: "core/record/id.ts",
    name: "newIdAfter",
    samples: ["20261122-213000-aaaa", "20270101-000000-zz9z"],
    parse: (text) => {
      const id = newIdAfter(text, new Date("2026-11-22T21:31:00.000Z"), () => 0.5);
      assert.match(id, ID_PATTERN);
      if (isIdOfAMoment(text)) assert.ok(id > text, `${id} does not sort after ${text}`);
    },
  },
  {
    file: "core/span.ts",
    name: "parseSpan",
    samples: ["90", "90s", "5min", "1h 30min", "2 days 3 hours", "1w 3000ms"],
    parse: (text) => {
      const seconds = parseSpan(text);
      if (seconds === null) return;
      assertCount(seconds);
      assert.ok(seconds <= LONGEST_SPAN_SECONDS);
    },
  },
  {
    file: "core/glob.ts",
    name: "matchesGlob",
    samples: ["backup-*.service backup-a.service", "a?c* abc", "*a*a*b aaaaaaaaaaaaaaaaaaaaaa"],
    parse: (text) => {
      const at = text.indexOf(" ");
      // The name of a unit has 255 characters at most.
      const [glob, name] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1).slice(0, 255)];
      assert.equal(matchesGlob(glob, name), matchesGlob(glob, name));
      assert.ok(matchesGlob("*", name) && matchesGlob(`*${name.replaceAll("*", "?")}`, name));
    },
  },
  {
    file: "core/printable.ts",
    name: "printable",
    samples: ["live\n\u001B[2J\u009B31mdone\u202E größer"],
    parse: (text) => {
      assertLine(printable(text), Infinity);
      assertLine(printableLine(text, 100), 103);
      assert.equal(printableLines(text).split("\n").length, text.split("\n").length);
    },
  },
  {
    file: "core/answer.ts",
    name: "quoted",
    samples: ["<html>\n  <body>502 Bad Gateway</body>\n</html>\n"],
    parse: (text) => {
      assertLine(quoted(text), 203);
    },
  },
  {
    file: "cli/shared/requests.ts",
    name: "nameIn",
    samples: ["anna", "192.0.2.7"],
    parse: (text) => {
      assertLine(nameIn(text) ?? "", 103);
    },
  },
  {
    file: "host/process/spawn.ts",
    name: "describeEnd",
    samples: ["Failed to start a.service: Unit a.service not found.\nSee system logs.\n"],
    parse: (text) => {
      const ended = { argv: ["systemctl"], exitCode: 1, cause: null, stdout: "" };
      assertLine(describeEnd({ ...ended, stderr: text }), 1100);
    },
  },
];
