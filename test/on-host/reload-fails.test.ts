import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// switch-to-configuration ends with 4 and says "Failed to reload web.service"; no unit is `failed`.
const web = (version: string, reload: string): string =>
  `[Service]\nEnvironment=V=${version}\nExecStart=/bin/sleep infinity\nX-ReloadIfChanged=true\nExecReload=${reload}\n[Install]\nWantedBy=multi-user.target\n`;

hostTest(
  "a reload that fails is a failure of the deploy",
  { baseline: systemSpec({ units: { "web.service": web("1", "/bin/true") } }) },
  async (host) => {
    const spec = systemSpec({ label: "new", units: { "web.service": web("2", "/bin/false") } });
    const id = await deploy(host, await host.buildToplevel(spec), "--delay", "0");
    const record = await ended(host, id, 60_000);
    assert.equal(record.state, "rolled-back");
    assert.match(record.outcome?.reason ?? "", /web\.service/);
  },
);
