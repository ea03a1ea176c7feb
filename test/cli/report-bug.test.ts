import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { hiddenIn, hider, shownConfig } from "../../src/core/redaction/config.ts";
import { withoutSecretLooks } from "../../src/core/redaction/text.ts";
import { reportBugSchema } from "../../src/json/report-bug.ts";
import { OperatedHost, parseJson } from "./operating.ts";

const ID = "20261122-213000-aaaa";
const TOKEN = "sw0rdfish/and+more";
const TOPIC = "https://ntfy.example/our-hidden-topic";

/** A host whose every text has a secret: in the record, the configuration and the journal. */
class TalkativeHost extends OperatedHost {
  constructor() {
    super();
    const configFile = this.folder.write(
      "own.json",
      JSON.stringify({
        report: {
          receivers: [
            {
              kind: "gotify",
              url: "https://g.example",
              tokenFile: this.folder.write("token", TOKEN),
            },
            { kind: "ntfy", urlFile: this.folder.write("topic", TOPIC) },
            { kind: "webhook", url: "https://hook.example/in/its-path", tokenFile: "/not/there" },
          ],
        },
        hooks: [{ name: "node", before: ["/bin/drain", "X-Auth: s3cr3t-value"], after: null }],
        verify: {
          checks: [
            { kind: "command", command: ["/bin/probe", "--as", 'by-"argument"'] },
            { kind: "http", url: "https://u@probe.example/in/its-path" },
          ],
        },
      }),
    );
    const reason = `it said ${TOKEN}`;
    const outcome = { reason, activationExitCode: null, activationTail: [JSON.stringify(TOKEN)] };
    // The names that these checks get.
    const failed = { result: "failed", detail: "as expected", seconds: 1 } as const;
    const checks = [
      { name: '/bin/probe --as by-"argument"', kind: "command", ...failed },
      { name: "https://probe.example/in/its-path", kind: "http", ...failed },
    ];
    const hooks = [
      { name: "node", stage: "over", after: ["/bin/up", "s3cr3t-too"], timeout: 60, problems: [] },
    ] satisfies FinalizationRecord["hooks"];
    this.save({ configFile, state: "failed", outcome, checks, hooks });
    this.ends["journalctl"] = {
      stdout: `line: ${TOKEN.replace("/", "%2F").replace("+", "%2B")}\nline: DB_PASSWORD=hunter2\nhook node: sent X-Auth: s3cr3t-value\ncheck /bin/probe --as by-"argument" failed\n${TOPIC}\u001B[2J\n`,
    };
    this.ends["systemctl"] = { stdout: "systemd 257 (257.4)\n" };
  }
}

const SECRETS = [TOKEN, "sw0rdfish", "our-hidden-topic", "its-path", "--as", "hunter2", "s3cr3t"];

test("report-bug: has versions, status, record, configuration and journal, and no secret", async () => {
  using host = new TalkativeHost();
  const { exitCode, stdout, stderr } = await host.operate("report-bug");
  assert.deepEqual([exitCode, stderr], [0, ""]);
  for (const secret of SECRETS) assert.ok(!stdout.includes(secret), `${secret}\n${stdout}`);
  assert.deepEqual(
    [...stdout.matchAll(/^## (.*)$/gm)].map(([, title]) => title),
    ["Versions", "Status", "Record", "Configuration", "Units", "Journal", OTHERS],
  );
  assert.ok(stdout.startsWith(`# deploy-finalize on web1: ${ID}\n`));
  for (const needed of ["systemd 257", "deploy-finalize 0.0.0", "it said ***", "/bin/probe"]) {
    assert.ok(stdout.includes(needed), `${needed}\n${stdout}`);
  }
  assert.ok(!stdout.includes("\u001B"));
  const asked = host.ran.filter(([program]) => program === "journalctl").map(String);
  assert.match(asked[0] ?? "", new RegExp(`--lines=2000,_SYSTEMD_UNIT=deploy-finalize-${ID}`));
  assert.match(asked[1] ?? "", /--boot,--unit=deploy-finalize-resume\.service/);
});

const OTHERS = "Journal of the other units, this boot";

test("report-bug: --output writes the same text to a file that only its owner can read", async () => {
  using host = new TalkativeHost();
  const printed = await host.operate("report-bug");
  const file = host.folder.at("report.md");
  const { stdout } = await host.operate("report-bug", "--output", file);
  assert.equal(stdout, `${file}: read it before you send it\n`);
  assert.equal(readFileSync(file, "utf8"), printed.stdout);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const refused = await host.operate("report-bug", "--output", "/proc/nowhere/report");
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /cannot write the report/);
  host.folder.link("a-device", "/dev/null");
  for (const place of ["/dev/null", host.folder.at("a-device"), host.folder.path]) {
    const kept = await host.operate("report-bug", "--output", place);
    assert.deepEqual([kept.exitCode, /is not a regular file/.test(kept.stderr)], [1, true]);
  }
  assert.ok(statSync("/dev/null").isCharacterDevice());
});

test("report-bug: --json prints the parts as the schema says", async () => {
  using host = new TalkativeHost();
  const { stdout } = await host.operate("report-bug", "aaaa", "--json");
  const { id, file, parts } = parseJson(reportBugSchema, stdout);
  assert.deepEqual([id, file], [ID, null]);
  assert.deepEqual(parts.find(({ title }) => title === "Units")?.text, "systemd 257 (257.4)");
  for (const secret of SECRETS) assert.ok(!stdout.includes(secret), secret);
});

test("report-bug: a host without a finalization, a damaged record and programs that are missing", async () => {
  using host = new OperatedHost();
  host.ends["journalctl"] = { exitCode: null, cause: "could not be started: not in PATH" };
  const none = await host.operate("report-bug");
  assert.equal(none.exitCode, 0);
  assert.match(none.stdout, /^# deploy-finalize on web1: no finalization\n/);
  host.save();
  host.folder.write(`state/${ID}.json`, "{ damaged: token=abcdefgh");
  const damaged = await host.operate("report-bug");
  assert.equal(damaged.exitCode, 0);
  assert.match(damaged.stdout, /\{ damaged: token=\*\*\*/);
  assert.match(damaged.stdout, /not in PATH/);
});

test("report-bug: refuses without root, and an unknown finalization", async () => {
  using host = new OperatedHost();
  assert.match((await host.operate("report-bug", "9999")).stderr, /there is no finalization 9999/);
  host.userId = 1000;
  const { exitCode, stderr } = await host.operate("report-bug");
  assert.equal(exitCode, 1);
  assert.match(stderr, /needs root/);
  assert.ok(!existsSync(host.folder.at("report.md")));
});

for (const [what, text, shown] of [
  ["a password after its name", "PASSWORD: abc", "PASSWORD: ***"],
  ["a password in quotes", "PASSWORD: 'abc def' x", "PASSWORD: '***' x"],
  ["a password in quotes that do not end", "PASSWORD='abc def", "PASSWORD='*** def"],
  ["a password that begins as the number of an error", "password=elephant", "password=***"],
  [
    "in JSON",
    String.raw`{"token":"ab c"} {\"secret\": \"ab c\"}`,
    String.raw`{"token":"***"} {\"secret\": \"***\"}`,
  ],
  ["the user of an address", "at https://u:p@h.example/x", "at https://***@h.example/x"],
  ["the query of an address", "(https://h.example/x?key=1)", "(https://h.example/x?***"],
  ["a header", "Authorization: Bearer abcdefghi", "Authorization: Bearer ***"],
  [
    "a header with a word of a forge",
    '"Authorization": "token abc"',
    '"Authorization": "token ***"',
  ],
  ["a header without a scheme", "authorization: abc", "authorization: ***"],
  ["a line of netrc", "machine h login u password abc", "machine h login u password ***"],
  ["a key of age", `a AGE-SECRET-KEY-1${"Q".repeat(58)}`, "a ***"],
  ["an option", "run --token abc --api-key=abc", "run --token *** --api-key=***"],
  ["a token by its beginning", `a ghp_${"a1".repeat(18)} b`, "a *** b"],
  ["a web token", "eyJhbGciOi.eyJzdWIi.c2ln", "***"],
  ["a webhook", "https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com/***"],
  [
    "a private key",
    "a\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nb",
    "a\n***\nb",
  ],
  ["a private key that is cut", "-----BEGIN PRIVATE KEY-----\nabc", "***"],
] as const) {
  test(`what looks like a secret is hidden: ${what}`, () => {
    assert.equal(withoutSecretLooks(text), shown);
  });
}

for (const text of [
  "cannot read the password: ENOENT",
  "the login session of admin has no password prompt",
  '"tokenFile": "/run/secrets/token"',
  "/nix/store/8g5b7xqzaqi236wik2m9nrvx85isc9xi-nixos-system-web1-25.11",
  "2026-11-22T21:30:00.000Z waits for CI job: gitea-runner-default.service runs a job",
]) {
  test(`what is no secret stays: ${text}`, () => {
    assert.equal(withoutSecretLooks(text), text);
  });
}

test("a configuration is shown without the paths of addresses and the arguments of commands", () => {
  const shown = shownConfig(
    JSON.stringify({
      a: { url: "https://h.example/in/x", command: ["p", "x", "y"] },
      b: [1, null],
    }),
  );
  assert.deepEqual(JSON.parse(shown ?? ""), {
    a: { url: "https://h.example/***", command: ["p", "2 arguments"] },
    b: [1, null],
  });
  assert.equal(shownConfig("{"), null);
});

test("an address without a path stays, and what is hidden is hidden once", () => {
  const server = "https://localhost:24890";
  const config = JSON.stringify({
    endpoints: [server, server, `${server}/`, `${server}/a.b`, `${server}/a.b?c`, "https://h?t=1"],
  });
  assert.deepEqual(JSON.parse(shownConfig(config) ?? ""), {
    endpoints: [server, server, `${server}/`, ...Array(2).fill(`${server}/***`), "https://h/***"],
  });
  const hide = hider(hiddenIn(config));
  assert.equal(hide(`no answer of ${server}: refused`), `no answer of ${server}: refused`);
  assert.equal(
    hide(`${server}/a.b ${server}/a.b?c ${server}/axb`),
    `${server}/*** ${server}/*** ${server}/axb`,
  );
  assert.equal(hider([])("as it is"), "as it is");
});
