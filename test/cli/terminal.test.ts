import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../test-host/paths.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { Terminal } from "../newcomer/terminal.ts";
import { Folder } from "../support/folder.ts";

const BUNDLE = join(repository, "dist/deploy-finalize.cjs");

/** The program that is asked is a real one, and refuses everybody else. */
const skip = process.getuid?.() === 0 ? false : "not root";

const KEYS = { "Ctrl-C": "\u0003", "Ctrl-D": "\u0004", "n and Enter": "n\n" } as const;

for (const [name, key] of Object.entries(KEYS)) {
  void test(`a question that is answered with ${name} is answered with no`, { skip }, async () => {
    using folder = new Folder();
    const lock = fleetLockConfig("http://127.0.0.1:9", { group: "web" });
    const config = folder.write("config.json", JSON.stringify({ lock }));
    const places = `--config ${config} --state-dir ${folder.at("state")}`;
    using terminal = new Terminal(
      `${process.execPath} ${BUNDLE} lock release --holder web2 ${places}`,
    );
    await terminal.shows(/Give back the slot of web2 .*\[y\/N\] $/s);
    terminal.type(key);
    assert.equal(await terminal.ended(), 1);
    assert.match(terminal.text, /\[y\/N\] n?\ndeploy-finalize: cancelled; nothing was changed\n$/);
  });
}
