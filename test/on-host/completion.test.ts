import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostTest } from "../test-host/host-test.ts";
import { repository } from "../test-host/paths.ts";
import { deploy, PROGRAM, systemSpec } from "./deploying.ts";

hostTest(
  "in a real shell the ids of this host are offered, for root and for nobody else",
  { baseline: systemSpec() },
  async (host) => {
    const completion = "contrib/completions/deploy-finalize.bash";
    await host.write("/root/completion.bash", readFileSync(join(repository, completion), "utf8"));
    await host.write(
      "/usr/local/bin/deploy-finalize",
      `#!/bin/sh\nexec ${PROGRAM.join(" ")} "$@"\n`,
    );
    await host.ok(["chmod", "755", "/usr/local/bin/deploy-finalize"]);
    await host.shell(
      "cp /root/completion.bash /tmp/completion.bash; chmod 644 /tmp/completion.bash",
    );
    const id = await deploy(
      host,
      await host.buildToplevel(systemSpec({ label: "target" })),
      "--delay",
      "3600",
    );
    const complete = `source /tmp/completion.bash; COMP_WORDS=(deploy-finalize "$@" "")
      COMP_CWORD=$(($# + 1)); _deploy_finalize; echo "\${COMPREPLY[*]}"`;
    const offered = async (...words: string[]): Promise<string> =>
      (await host.ok(["bash", "-c", complete, "bash", ...words])).trim();
    assert.equal(await offered("status"), id);
    assert.equal(await offered("cancel"), id);
    assert.equal(await offered("confirm"), "");
    const asNobody = ["setpriv", "--reuid=65534", "--clear-groups"];
    const said = await host.run([...asNobody, "bash", "--norc", "-c", complete, "bash", "cancel"]);
    assert.deepEqual([said.exitCode, said.stdout.trim(), said.stderr], [0, "", ""]);
  },
);
