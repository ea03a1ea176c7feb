import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { Folder } from "../support/folder.ts";
import { documents, waitingLoops } from "./documents.ts";

const pages = documents();
const loops = waitingLoops(pages);

test("every loop that waits over SSH has the form that is tried here", () => {
  const written = pages.flatMap(({ text }) => [...text.matchAll(/until ssh /g)]);
  assert.equal(loops.length, written.length);
  assert.ok(loops.length > 0, "it finds them");
});

/** A stand-in: the connection is lost, the next wait is asked to end, the third one has an outcome. */
const SSH = `#!/bin/sh
echo "$*" >>"$CALLS"
case $(wc -l <"$CALLS") in
  1) exit 255 ;;
  2) exit 75 ;;
  *) exit "$OUTCOME" ;;
esac
`;

/** What the shells have in common, and in zsh names such as \`status\` cannot be set. */
const SHELLS = [["sh"], ["bash", "--norc"], ["bash", "--norc", "-e"], ["zsh", "-f"]] as const;

for (const { path, loop } of loops) {
  for (const [shell, ...flags] of SHELLS) {
    const skip = spawnSync(shell, ["-c", ":"]).error === undefined ? false : "not installed";
    test(`the loop of ${path} in ${[shell, ...flags].join(" ")}`, { skip }, () => {
      for (const outcome of [0, 1, 3, 4]) {
        using folder = new Folder();
        for (const [name, text] of [
          ["ssh", SSH],
          ["sleep", "#!/bin/sh\n"],
        ] as const) {
          chmodSync(folder.write(`bin/${name}`, text), 0o755);
        }
        const env = {
          PATH: `${folder.at("bin")}:${process.env["PATH"] ?? ""}`,
          CALLS: folder.write("calls", ""),
          OUTCOME: String(outcome),
          id: "",
        };
        const alone = spawnSync(shell, [...flags, "-c", loop], { env, encoding: "utf8" });
        assert.deepEqual([alone.status, alone.stderr], [outcome, ""]);
        const typed = spawnSync(shell, [...flags, "-c", `${loop} || :\necho "still here"`], {
          env,
          encoding: "utf8",
        });
        assert.equal(typed.stdout, "still here\n");
      }
    });
  }
}
