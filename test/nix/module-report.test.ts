import assert from "node:assert/strict";
import * as v from "valibot";
import { parseConfig } from "../../src/core/config/parse-config.ts";
import { problemsIn } from "./check-config.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import type { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const own = "services.deployFinalize.report.receivers";

async function viewOf(nix: PrivateNix, options: string): Promise<v.InferOutput<typeof viewSchema>> {
  return v.parse(viewSchema, await nix.evaluate(hostView(enabled(options))));
}

const FORGE = `kind = "gitea"; url = "https://git"; tokenFile = "/run/secrets/forge";`;

nixTest(
  "module: receivers reach the file, and the program fills in what they leave out",
  async (nix) => {
    const { refusals, file } = await viewOf(
      nix,
      `report = {
       timeout = 5;
       metricsFile = "/var/lib/metrics/x.prom";
       receivers = [ { ${FORGE} } { kind = "command"; command = [ "/tell" ]; events = [ "failed" ]; } ];
     };`,
    );
    assert.deepEqual(refusals, []);
    const { report } = parseConfig(JSON.stringify(file), "the module's file");
    const [gitea, command] = report.receivers;
    assert.deepEqual([gitea?.name, gitea?.events.length], ["gitea", 6]);
    assert.deepEqual([command?.name, command?.events], ["command", ["failed"]]);
    assert.deepEqual([report.timeout, report.giveUpAfter], [5, 86_400]);
  },
);

for (const group of ["report", "settings.report"]) {
  nixTest(
    `module: after a boot the resume unit may write the ${group}.metricsFile`,
    async (nix) => {
      const { units } = await viewOf(nix, `${group}.metricsFile = "/var/lib/100%/x.prom";`);
      const shape = v.object({ serviceConfig: v.object({ ReadWritePaths: v.array(v.string()) }) });
      const { serviceConfig } = v.parse(shape, units["deploy-finalize-resume"]);
      assert.ok(serviceConfig.ReadWritePaths.includes('"-/var/lib/100%%"'));
    },
  );
}

for (const path of ["/x.prom", "//x.prom", "/./x.prom", "/var/../x.prom"]) {
  for (const group of ["report", "settings.report"]) {
    nixTest(
      `module: metrics directly in / would open all to the resume unit: ${group}, ${path}`,
      async (nix) => {
        const { file } = await viewOf(nix, `${group}.metricsFile = "${path}";`);
        assert.deepEqual(await problemsIn(file), [
          "services.deployFinalize.report.metricsFile: must be in a folder below /, and no folder of its path may start with a dot",
        ]);
      },
    );
  }
}

/** Receivers that cannot be meant, and what is said of them. */
const REFUSED: [receivers: string, message: string][] = [
  [`{ kind = "gitea"; url = "https://git"; }`, `${own}.0.tokenFile is missing`],
  [`{ kind = "slack"; }`, `${own}.0.urlFile is missing`],
  [`{ kind = "webhook"; }`, `${own}.0: must have either url or urlFile`],
  [
    `{ kind = "ntfy"; url = "https://ntfy.sh/x"; urlFile = "/x"; }`,
    `${own}.0: must have either url or urlFile`,
  ],
  [
    `{ kind = "ntfy"; url = "https://ntfy.sh/"; }`,
    `${own}.0.url: must end in a topic, such as https://ntfy.sh/TOPIC`,
  ],
  [`{ kind = "command"; }`, `${own}.0.command is missing`],
  [
    `{ kind = "command"; command = [ "/x" ]; room = "!a:b"; }`,
    `unknown key ${own}.0.room. Known keys of kind "command": kind, name, events, caFile, command`,
  ],
  [
    `{ ${FORGE} } { ${FORGE} }`,
    `${own}.1: has the same name as another receiver; give it another name`,
  ],
];

for (const [receivers, message] of REFUSED) {
  nixTest(`module: refused: report.receivers = [ ${receivers} ]`, async (nix) => {
    const { refusals, file } = await viewOf(nix, `report.receivers = [ ${receivers} ];`);
    assert.deepEqual(refusals, []);
    assert.deepEqual(await problemsIn(file), [message]);
  });
}

nixTest("module: an address with a password is refused, and it is said why", async (nix) => {
  const forge = `kind = "gotify"; url = "https://u:p@g"; tokenFile = "/x";`;
  await assert.rejects(
    viewOf(nix, `report.receivers = [ { ${forge} } ];`),
    /without user and password/,
  );
});

const settings = "services.deployFinalize.settings";
const inStore = (place: string): string =>
  `${place} has to be an absolute path, as a string, of a file that is not in the store, where everybody can read it.`;
const IN_STORE: [settings: string, messages: string[]][] = [
  [
    `report.receivers = [ { kind = "gotify"; tokenFile = "\${builtins.storeDir}/x-token"; } ]`,
    [inStore(`${settings}.report.receivers.0.tokenFile`)],
  ],
  [
    `report.receivers = [ { kind = "webhook"; urlFile = "/run/../nix/store/x"; secretFile = "/nix/store/y"; } ]`,
    ["secretFile", "urlFile"].map((key) => inStore(`${settings}.report.receivers.0.${key}`)),
  ],
  [
    `lock = { backend = "etcd"; passwordFile = "/nix/store/x"; keyFile = "/nix/store/y"; }`,
    ["keyFile", "passwordFile"].map((key) => inStore(`${settings}.lock.${key}`)),
  ],
  [`report.receivers = [ { kind = "gotify"; tokenFile = "/run/secrets/x"; } "nonsense" ]`, []],
  [
    `report.receivers = "nonsense"; settings.lock = 5`,
    [
      `${settings}.lock has the wrong type. It has to be: null or submodule. Use services.deployFinalize.lock, which has this type.`,
      `${settings}.report.receivers has the wrong type. It has to be: attribute set of (submodule). Use services.deployFinalize.report.receivers, which has this type.`,
    ],
  ],
];
for (const [given, messages] of IN_STORE) {
  nixTest(`module: secrets in settings: ${given}`, async (nix) => {
    const { refusals } = await viewOf(nix, `settings.${given};`);
    assert.deepEqual(refusals, messages);
  });
}

nixTest("module: a window for reboots by settings, and no reboots", async (nix) => {
  const { file } = await viewOf(
    nix,
    `reboot.allow = false; settings.reboot.window = { start = "Sat 02:00"; duration = 60; };`,
  );
  const problems = await problemsIn(file);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /reboot\.window: is set, but .*reboot\.allow is false/);
});

nixTest("module: a token in the store is refused", async (nix) => {
  const store = `kind = "gotify"; url = "https://g"; tokenFile = "\${builtins.storeDir}/x-token";`;
  const { refusals } = await viewOf(nix, `report.receivers = [ { ${store} } ];`);
  assert.deepEqual(refusals, [inStore("services.deployFinalize.report.receivers.0.tokenFile")]);
});
