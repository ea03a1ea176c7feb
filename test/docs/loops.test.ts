import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Folder } from "../support/folder.ts";
import { documents, waitingLoops } from "./documents.ts";

const pages = documents();
const loops = waitingLoops(pages);

test("every loop that waits over SSH has the form that is tried here", () => {
  const written = pages.flatMap(({ text }) => [...text.matchAll(/until ssh /g)]);
  // The loop over the hosts of a fleet is tried below.
  assert.equal(loops.length, written.length - 1);
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

interface Shown {
  readonly status: number | null;
  readonly stdout: string;
  readonly calls: string[];
}

/** Runs a script of a page with a stand-in for ssh, which gets the calls before in `$CALLS`. */
function runWith(ssh: string, script: string): Shown {
  using folder = new Folder();
  for (const [name, text] of [
    ["ssh", `#!/bin/sh\necho "$*" >>"$CALLS"\n${ssh}`],
    ["sleep", "#!/bin/sh\n"],
  ] as const) {
    chmodSync(folder.write(`bin/${name}`, text), 0o755);
  }
  const calls = folder.write("calls", "");
  const env = {
    PATH: `${folder.at("bin")}:${process.env["PATH"] ?? ""}`,
    CALLS: calls,
    id: "20261122-213000-k3f9",
  };
  const { status, stdout, stderr } = spawnSync("sh", ["-e", "-c", script], {
    env,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return { status, stdout, calls: readFileSync(calls, "utf8").trim().split("\n") };
}

function scriptIn(path: string, pattern: RegExp): string {
  const page = pages.find((one) => one.path === path);
  return pattern.exec(page?.text ?? "")?.[0] ?? assert.fail(`${path} has no ${pattern}`);
}

test("docs/confirmation.md has one loop, for people and in the workflow: it confirms, over a new connection", () => {
  const own = loops.filter(({ path }) => path === "docs/confirmation.md");
  const [first, second] = own.map(({ loop }) => loop);
  assert.equal(own.length, 2);
  assert.equal(first, second);
  const { status, calls } = runWith(
    `case $(wc -l <"$CALLS") in 1) exit 75 ;; *) exit 3 ;; esac`,
    first ?? "",
  );
  assert.equal(status, 3);
  assert.equal(calls.length, 2);
  for (const call of calls) {
    assert.match(call, /^-o ControlPath=none .* wait --confirm 20261122-213000-k3f9$/);
  }
});

test("the loop over a fleet shows each outcome, and fails if one is not live", () => {
  const loop = scriptIn("docs/journeys/colmena-and-etcd.md", /^\(\n {2}all=0\n.*?^\)$/ms);
  for (const [outcome, status] of [
    [0, 0],
    [3, 1],
  ]) {
    const ssh = `case "$1 $(wc -l <"$CALLS")" in
      *" 1") exit 255 ;; *" 2") exit 75 ;; root@web2*) exit ${outcome} ;; esac`;
    const shown = runWith(ssh, loop);
    assert.equal(shown.stdout, `web1: 0\nweb2: ${outcome}\nweb3: 0\n`);
    assert.equal(shown.status, status);
  }
});
