import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../src/core/config/parse-config.ts";
import type { ReceiverConfig } from "../../../src/core/config/report-config.ts";

function parse(report: object): readonly ReceiverConfig[] {
  return parseConfig(JSON.stringify({ report }), "config.json").report.receivers;
}

const FORGE = { kind: "gitea", url: "https://git.example.org", tokenFile: "/run/secrets/forge" };

test("the defaults of a forge: pending at once, every end told", () => {
  const [gitea] = parse({ receivers: [FORGE] });
  assert.equal(gitea?.name, "gitea");
  const ends = ["live", "rolled-back", "failed", "superseded", "cancelled"];
  assert.deepEqual(gitea.events, ["scheduled", ...ends]);
});

test("the defaults of a notification: only what ended by itself", () => {
  const [slack] = parse({ receivers: [{ kind: "slack", urlFile: "/run/secrets/slack" }] });
  assert.deepEqual(slack?.events, ["live", "rolled-back", "failed"]);
});

const REFUSED: [why: string, report: object, message: RegExp][] = [
  [
    "a token in the store",
    { receivers: [{ ...FORGE, tokenFile: "/nix/store/x-token" }] },
    /report\.receivers\.0\.tokenFile: must not be in the store/,
  ],
  ...["/run/../nix/store/x-token", "//nix/store/x-token", "/nix/./store/x-token"].map(
    (tokenFile): [string, object, RegExp] => [
      `a token in the store by way of ${tokenFile}`,
      { receivers: [{ ...FORGE, tokenFile }] },
      /report\.receivers\.0\.tokenFile: must (not be in the store|not contain \.\.)/,
    ],
  ),
  ...["https://ntfy.sh", "https://ntfy.sh/", "https://ntfy.sh/?x", "https://ntfy.sh/.."].map(
    (url): [string, object, RegExp] => [
      `an ntfy without a topic: ${url}`,
      { receivers: [{ kind: "ntfy", url }] },
      /report\.receivers\.0\.url: must end in a topic, such as https:\/\/ntfy\.sh\/TOPIC/,
    ],
  ),
  [
    "a repository by its address",
    { receivers: [{ ...FORGE, repository: "https://git/infra/hosts" }] },
    /report\.receivers\.0\.repository: must be owner\/name, not an address/,
  ],
  [
    "a link without a scheme",
    { receivers: [{ ...FORGE, link: "logs.example.org/{host}" }] },
    /report\.receivers\.0\.link: must begin with http:\/\/ or https:\/\//,
  ],
  [
    "a first wait that is longer than the longest",
    { retry: { first: 60, most: 30 } },
    /report\.retry: first must not be more than most/,
  ],
  [
    "nothing to tell",
    { receivers: [{ ...FORGE, events: [] }] },
    /report\.receivers\.0\.events: must name a state/,
  ],
  [
    "a password in an address",
    { receivers: [{ ...FORGE, url: "https://a:b@git" }] },
    /report\.receivers\.0\.url: must not contain a user or password/,
  ],
  [
    "no address",
    { receivers: [{ kind: "webhook" }] },
    /report\.receivers\.0: must have either url or urlFile/,
  ],
  [
    "two addresses",
    { receivers: [{ kind: "ntfy", url: "https://ntfy.sh/x", urlFile: "/x" }] },
    /either url or urlFile/,
  ],
  [
    "two of one name",
    { receivers: [FORGE, FORGE] },
    /report\.receivers\.1: has the same name as another receiver/,
  ],
  [
    "an unknown state",
    { receivers: [{ ...FORGE, events: ["done"] }] },
    /report\.receivers\.0\.events\.0/,
  ],
  ["an unknown kind", { receivers: [{ kind: "gitee" }] }, /report\.receivers\.0\.kind/],
  [
    "a mistyped key",
    { receivers: [{ ...FORGE, tokenFiel: "/x" }] },
    /unknown key report\.receivers\.0\.tokenFiel\. Did you mean report\.receivers\.0\.tokenFile\?/,
  ],
  [
    "a mistyped key of a webhook",
    { receivers: [{ kind: "webhook", ulr: "https://x" }] },
    /Did you mean report\.receivers\.0\.url\?/,
  ],
  [
    "a metrics file directly in the root folder",
    { metricsFile: "/x.prom" },
    /report\.metricsFile: must be in a folder below \//,
  ],
  [
    "a metrics file that nobody reads",
    { metricsFile: "/var/lib/x.txt" },
    /report\.metricsFile: must end in \.prom/,
  ],
  [
    "a room by its alias",
    { receivers: [{ kind: "matrix", url: "https://m", room: "#ops:m", tokenFile: "/x" }] },
    /must be the ID of a room/,
  ],
  [
    "a name that is no file name",
    { receivers: [{ ...FORGE, name: "../x" }] },
    /report\.receivers\.0\.name: must be lower-case/,
  ],
];

for (const [why, report, message] of REFUSED) {
  test(`refused: ${why}`, () => {
    assert.throws(() => parse(report), message);
  });
}
