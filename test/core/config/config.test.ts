import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { parseConfig } from "../../../src/core/config/parse-config.ts";
import { EXIT } from "../../../src/core/outcome.ts";
import { Refusal } from "../../../src/core/refusal.ts";
import { effectiveDelay, jobEndOf, type JobEnd } from "../../../src/finalize/delay.ts";

test("config: a span is a number of seconds, or a text as systemd takes it", () => {
  const text = `{ "delay": "1h 30min", "report": { "timeout": "500ms" }, "verify": { "bootTimeout": "10min" } }`;
  const { delay, report, verify } = parseConfig(text, "x");
  assert.deepEqual([delay, report.timeout, verify.bootTimeout], [5400, 0.5, 600]);
});

test("config: an empty object is the default", () => {
  assert.deepEqual(parseConfig("{}", "c.json"), DEFAULT_CONFIG);
  assert.deepEqual(DEFAULT_CONFIG, {
    profile: "/nix/var/nix/profiles/system",
    stateDir: "/var/lib/deploy-finalize",
    delay: null,
    rebootWhenChanged: ["kernel", "initrd", "kernel-modules"],
    waitFor: {
      session: true,
      runners: [],
      drainRunners: true,
      units: [],
      commands: [],
      alerts: null,
      storage: [],
      timeout: 3600,
      onTimeout: "give-up",
      rollbackTimeout: 300,
    },
    specialisation: "keep",
    guard: { olderRun: "warn" },
    act: { switchTimeout: null },
    hooks: [],
    verify: {
      bootTimeout: 600,
      switchWarnAfter: 600,
      settle: 5,
      ignoreFailedUnits: [],
      checks: [],
      userUnits: "warn",
      confirm: null,
    },
    rollback: { enable: true },
    report: {
      receivers: [],
      metricsFile: null,
      timeout: 30,
      retry: { first: 2, most: 300 },
      giveUpAfter: 86_400,
    },
    reboot: {
      allow: true,
      method: "reboot",
      fallback: "auto",
      unattended: "warn",
      passphrases: [],
      window: null,
      whilePutOff: "wait",
      sessions: { grace: 60, message: "This host reboots to bring a deployed system live." },
    },
    switch: {
      window: null,
      sessions: {
        grace: 60,
        message: "This host switches to a deployed system, which may end your session.",
      },
    },
    stagger: 0,
    lock: null,
    fleet: null,
    proxy: { http: null, https: null, except: [] },
  });
});

const refused: [string, RegExp][] = [
  ["{", /c\.json is not JSON/],
  ["[]", /expected an object of settings/],
  ['{"dealy": 5}', /unknown key dealy\. Did you mean delay\?/],
  ['{"dealy": 5, "colour": 1}', /unknown key dealy\. .*; unknown key colour\. /],
  ['{"verify": {"checks": [{"kind": "http"}]}}', /: verify\.checks\.0\.url is missing$/],
  ['{"constructor": 1}', /unknown key constructor/],
  ['{"verify": {"__proto__": {"settle": 1}}}', /unknown key __proto__/],
  ['{"profile": "/a\\u0000b"}', /profile: must not contain a NUL character/],
  ['{"colour": 5}', /unknown key colour\. Known keys: .*delay/],
  ['{"delay": -1}', /delay: must be 0 or more seconds/],
  ['{"delay": 1.5}', /delay: must be whole seconds/],
  ['{"delay": "soon"}', /delay: must be a span/],
  ['{"profile": "system"}', /profile: must be an absolute path/],
  ['{"rebootWhenChanged": ["a/b"]}', /rebootWhenChanged\.0: must be a file name/],
  ['{"rebootWhenChanged": [".."]}', /rebootWhenChanged\.0: must be a file name/],
  [
    '{"waitFor": {"sesion": true}}',
    /unknown key waitFor\.sesion\. Did you mean waitFor\.session\?/,
  ],
  ['{"waitFor": {"commands": [{"name": "A b", "command": ["x"]}]}}', /name: must be lower-case/],
  ['{"waitFor": {"commands": [{"name": "a"}]}}', /waitFor\.commands\.0\.command is missing/],
  [
    '{"waitFor": {"commands": [{"name": "a", "command": ["x"], "timeout": 0}]}}',
    /timeout: must be 0\.05 or more/,
  ],
  [
    '{"waitFor": {"commands": [{"name": "a", "command": ["x"], "befor": "act"}]}}',
    /unknown key waitFor\.commands\.0\.befor\. Did you mean waitFor\.commands\.0\.before\?/,
  ],
  [
    '{"waitFor": {"commands": [{"name": "a", "command": ["x"]}, {"name": "a", "command": ["y"]}]}}',
    /waitFor\.commands: several commands are named a\. Give each its own name/,
  ],
  ['{"waitFor": {"alerts": {}}}', /waitFor\.alerts\.url is missing/],
  ['{"waitFor": {"alerts": {"url": "https://u:p@x"}}}', /url: must not contain a user or password/],
  ['{"waitFor": {"alerts": {"url": "https://x", "match": []}}}', /match: must name an alert/],
  [
    '{"waitFor": {"alerts": {"url": "https://x", "ingore": []}}}',
    /unknown key waitFor\.alerts\.ingore\. Did you mean waitFor\.alerts\.ignore\?/,
  ],
  ['{"waitFor": {"storage": ["lvm"]}}', /waitFor\.storage\.0: .*"md" \| "zfs" \| "btrfs"/],
  ['{"waitFor": {"delay": 1}}', /unknown key waitFor\.delay\. Known keys: session, runners,/],
  ['{"waitFor": {"timeout": -1}}', /waitFor\.timeout: must be 0 or more seconds/],
  ['{"waitFor": {"onTimeout": "kill"}}', /waitFor\.onTimeout: .*"give-up" \| "proceed"/],
  ['{"waitFor": {"runners": [{"unit": "a.service"}]}}', /runners\.0: must have either preset/],
  [
    '{"waitFor": {"runners": [{"unit": "a", "preset": "github-runner"}]}}',
    /unit: must be the name of a unit/,
  ],
  [
    '{"waitFor": {"runners": [{"unit": "a.service", "presett": "github-runner"}]}}',
    /unknown key waitFor\.runners\.0\.presett\. Did you mean waitFor\.runners\.0\.preset\?/,
  ],
  [
    '{"waitFor": {"runners": [{"unit": "a.service", "detect": {"kind": "command", "comand": ["x"]}}]}}',
    /unknown key waitFor\.runners\.0\.detect\.comand\. Did you mean .*\.detect\.command\?/,
  ],
  [
    '{"waitFor": {"runners": [{"unit": "a.service", "detect": {"kind": "containers", "pattern": "("}}]}}',
    /detect\.pattern: must be a regular expression/,
  ],
  ['{"verify": {"settel": 1}}', /unknown key verify\.settel\. Did you mean verify\.settle\?/],
  ['{"verify": {"confirm": {"within": 0}}}', /verify\.confirm\.within: must be 1 or more seconds/],
  ['{"verify": {"confirm": {"withn": 5}}}', /Did you mean verify\.confirm\.within\?/],
  [
    '{"verify": {"checks": [{"kind": "ping"}]}}',
    /checks\.0\.kind: .*"unit" \| "command" \| "http"/,
  ],
  [
    '{"verify": {"checks": [{"kind": "http", "url": "ftp://x"}]}}',
    /url: must be an address that begins/,
  ],
  [
    '{"verify": {"checks": [{"kind": "http", "url": "http://x", "sttus": 200}]}}',
    /unknown key verify\.checks\.0\.sttus\. Did you mean verify\.checks\.0\.status\?/,
  ],
  [
    '{"verify": {"checks": [{"kind": "tcp", "host": "x", "port": 70000}]}}',
    /port: must be a port up to/,
  ],
  ['{"verify": {"checks": [{"kind": "command", "command": []}]}}', /command: must name a program/],
  ['{"rollback": {"enabled": true}}', /Did you mean rollback\.enable\?/],
  ['{"reboot": {"method": "halt"}}', /reboot\.method: /],
  ['{"reboot": {"fallback": "yes"}}', /reboot\.fallback: /],
  ['{"reboot": {"window": {"start": "Sat"}}}', /reboot\.window\.duration is missing/],
  ['{"reboot": {"window": {"start": " ", "duration": 1}}}', /start: must be a calendar expression/],
  [
    '{"reboot": {"window": {"start": "Sat", "duration": 0}}}',
    /duration: must be 1 or more seconds/,
  ],
  [
    '{"reboot": {"window": {"start": "Sat", "duration": "0s"}}}',
    /duration: must be (1 or more|a span)/,
  ],
  [
    '{"reboot": {"window": {"start": "Sat", "duration": "2 fortnights"}}}',
    /duration: must be (1 or more|a span)/,
  ],
  ['{"reboot": {"window": {"start": "Sat", "duration": "367d"}}}', /duration: must be a year/],
  ['{"reboot": {"window": []}}', /reboot\.window: must not be empty; null means always/],
  ['{"reboot": {"window": {"strat": 1}}}', /Did you mean reboot\.window\.start\?/],
  ['{"switch": {"window": [{"start": "Sat"}]}}', /switch\.window\.0\.duration is missing/],
  ['{"switch": {"window": [{"strat": 1}]}}', /Did you mean switch\.window\.0\.start\?/],
  ['{"stagger": "-5min"}', /stagger: must be/],
  [
    '{"reboot": {"sessions": {"message": ""}}}',
    /message: must not be empty; null sends no message/,
  ],
  [
    '{"reboot": {"sessions": {"message": "\\u001b[2J"}}}',
    /message: must be one line of plain text/,
  ],
  ['{"waitFor": {"units": ["a b"]}}', /waitFor\.units\.0: must be the name of a unit/],
  ['{"waitFor": {"units": ["borg-job"]}}', /waitFor\.units\.0: must end with the kind/],
  [
    '{"waitFor": {"alerts": {"url": "https://p.example/api/v1/alerts"}}}',
    /waitFor\.alerts\.url: must not contain \/api\/v1\/alerts/,
  ],
  ['{"hooks": [{"name": "a b"}]}', /hooks\.0\.name: must be letters, digits/],
  ['{"hooks": [{"name": "a", "actions": ["halt"]}]}', /hooks\.0\.actions\.0: .*"switch"/],
  ['{"hooks": [{"name": "a", "before": []}]}', /hooks\.0\.before: must name a program/],
  ['{"hooks": [{"name": "a", "onFailure": "stop"}]}', /hooks\.0\.onFailure: /],
  ['{"hooks": [{"name": "a", "timeout": 0}]}', /hooks\.0\.timeout: must be 1 or more/],
  ['{"hooks": [{"name": "a"}]}', /hooks: has a, which has neither before nor after/],
  [
    '{"hooks": [{"name": "a", "after": ["x"], "actions": []}]}',
    /hooks: has a, whose actions are empty/,
  ],
  [
    '{"hooks": [{"name": "a", "after": ["x"]}, {"name": "a", "after": ["y"]}]}',
    /hooks: several hooks are named a\. Give each its own name/,
  ],
  ['{"reboot": {"allow": "no"}}', /reboot\.allow: .*Expected boolean/],
];
for (const [text, message] of refused) {
  test(`config: refuses ${text}`, () => {
    assert.throws(
      () => parseConfig(text, "c.json"),
      (error) =>
        error instanceof Refusal && error.exitCode === EXIT.usage && message.test(error.message),
    );
  });
}

const hooked = (hook: string): string =>
  `{"waitFor": {"onTimeout": "proceed", "session": false}, "hooks": [${hook}]}`;

test("config: a hook that holds the act is something that may proceed", () => {
  assert.doesNotThrow(() => parseConfig(hooked('{"name": "a", "before": ["x"]}'), "c.json"));
  for (const other of [
    '{"name": "a", "before": ["x"], "onFailure": "abort"}',
    '{"name": "a", "after": ["x"]}',
  ]) {
    assert.throws(() => parseConfig(hooked(other), "c.json"), /nothing is waited for/);
  }
});

const automatic = (jobEnd: JobEnd) => effectiveDelay(null, DEFAULT_CONFIG, jobEnd);

test("delay: the flag wins over the configuration, and that over the automatic one", () => {
  const set = { ...DEFAULT_CONFIG, delay: 5 };
  for (const jobEnd of ["seen", "guessed"] as const) {
    assert.deepEqual(effectiveDelay(0, set, jobEnd), { seconds: 0, source: "flag" });
    assert.deepEqual(effectiveDelay(null, set, jobEnd), { seconds: 5, source: "configuration" });
  }
  assert.deepEqual(automatic("guessed"), { seconds: 60, source: "automatic" });
  assert.deepEqual(automatic("seen"), { seconds: 0, source: "automatic" });
});

test("delay: the end of the job is seen by a runner's gate, or by that of a known session", () => {
  const withRunner = parseConfig(
    '{"waitFor": {"session": false, "runners": [{"unit": "a.service", "preset": "github-runner"}]}}',
    "c.json",
  );
  const withoutSession = parseConfig('{"waitFor": {"session": false}}', "c.json");
  assert.equal(jobEndOf(DEFAULT_CONFIG, "7"), "seen");
  assert.equal(jobEndOf(DEFAULT_CONFIG, null), "guessed");
  assert.equal(jobEndOf(withoutSession, "7"), "guessed");
  assert.equal(jobEndOf(withRunner, null), "seen");
});

test("config: checks get their times, and keep what is set", () => {
  const text = '{"verify": {"checks": [{"kind": "unit", "unit": "nginx.service", "deadline": 5}]}}';
  assert.deepEqual(parseConfig(text, "c.json").verify, {
    ...DEFAULT_CONFIG.verify,
    checks: [{ kind: "unit", unit: "nginx.service", timeout: 10, interval: 1, deadline: 5 }],
  });
});

const KEYS = [
  "profile",
  "delay",
  "waitFor",
  "runners",
  "verify",
  "checks",
  "kind",
  "unit",
  "__proto__",
];
const word = fc.oneof(fc.constantFrom(...KEYS), fc.constantFrom("http", "a.service"), fc.string());
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(fc.tuple(word, tie("value")), { maxLength: 4 })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
}));
const text = fc.oneof(
  value.map((any) => JSON.stringify(any)),
  fc.string({ unit: "binary" }),
  fc.json(),
);

test("config: random bytes and JSON are read or refused with a message, never a crash", () => {
  fc.assert(
    fc.property(text, (some) => {
      try {
        parseConfig(some, "c.json");
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        assert.equal(error.exitCode, EXIT.usage);
        assert.match(error.message, /^c\.json.*\S/s);
      }
    }),
    { numRuns: 2_000 },
  );
});
