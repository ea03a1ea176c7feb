import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { outline, theProgram } from "../../scripts/docs/outline.ts";
import { Folder } from "../support/folder.ts";

const completions = join(import.meta.dirname, "../../contrib/completions");
const program = outline(theProgram());
const commands = program.commands.map(({ name }) => name);
const ID = "20261122-213000-dddd";

/** A stand-in for the program: it offers one id to `cancel`, and tells else what it was called with. */
const STAND_IN = `#!/bin/sh
echo "$*" >>"$0.calls"
case "$*" in
  *"complete-ids cancel") printf '${ID}\\twaiting, switch, just now\\n' ;;
  *complete-ids*) ;;
  *) echo "CALLED:$*:" ;;
esac
`;

class Shell implements Disposable {
  readonly folder = new Folder();

  constructor() {
    chmodSync(this.folder.write("bin/deploy-finalize", STAND_IN), 0o755);
    this.folder.write("files/a-file.json", "");
    this.folder.write("files/a-folder/.keep", "");
  }

  run(argv: readonly string[], env: Record<string, string> = {}): string {
    const [command = "", ...args] = argv;
    const { stdout, stderr, status } = spawnSync(command, args, {
      cwd: this.folder.at("files"),
      encoding: "utf8",
      timeout: 120_000,
      env: {
        PATH: `${this.folder.at("bin")}:${process.env["PATH"] ?? ""}`,
        HOME: this.folder.path,
        TERM: "dumb",
        LANG: "C.UTF-8",
        ...env,
      },
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.equal(stderr, "");
    return stdout;
  }

  get calls(): string {
    return readFileSync(this.folder.at("bin/deploy-finalize.calls"), "utf8");
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** What a shell offers after the words, the last of which is being typed. */
type Complete = (shell: Shell, ...words: string[]) => string[];

const bash: Complete = (shell, ...words) => {
  const script = `source "$FILE"; COMP_WORDS=(deploy-finalize "$@"); COMP_CWORD=$#
    _deploy_finalize; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const FILE = join(completions, "deploy-finalize.bash");
  return lines(shell.run(["bash", "-c", script, "bash", ...words], { FILE }));
};

const fish: Complete = (shell, ...words) => {
  const script = 'source $FILE; complete -C "$LINE" | cut -f 1';
  const LINE = ["deploy-finalize", ...words].join(" ");
  const FILE = join(completions, "deploy-finalize.fish");
  return lines(shell.run(["fish", "--no-config", "-c", script], { FILE, LINE }));
};

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean);
}

function missing(program_: string): string | false {
  const found = spawnSync(program_, ["--version"]).error === undefined;
  return found ? false : `${program_} is not installed`;
}

const SHELLS = { bash, fish } as const;

/** Some shells end a folder with a slash. */
function bare(words: readonly string[]): string[] {
  return words.map((word) => word.replace(/\/$/, ""));
}

for (const [name, complete] of Object.entries(SHELLS)) {
  const options = { skip: missing(name) };

  test(`${name}: offers every command, and no other`, options, () => {
    using shell = new Shell();
    const offered = complete(shell, "").filter((word) => !word.startsWith("-"));
    assert.deepEqual(offered.toSorted(), commands.toSorted());
    assert.deepEqual(complete(shell, "canc"), ["cancel"]);
  });

  test(`${name}: offers the options of each command`, options, () => {
    using shell = new Shell();
    for (const command of program.commands) {
      const known = [...command.own, ...program.common].flatMap(({ names }) =>
        names.filter((option) => option.startsWith("--")),
      );
      const offered = new Set(complete(shell, command.name, "--"));
      assert.deepEqual(
        known.filter((option) => !offered.has(option)),
        [],
        command.name,
      );
    }
    assert.ok(complete(shell, "--").includes("--dry-run"), "those of schedule without a command");
    assert.ok(!complete(shell, "cancel", "--").includes("--dry-run"));
  });

  test(`${name}: offers ids from where the records are`, options, () => {
    using shell = new Shell();
    assert.deepEqual(complete(shell, "cancel", ""), [ID]);
    assert.deepEqual(complete(shell, "cancel", "2026"), [ID]);
    assert.deepEqual(complete(shell, "--config", "/c.json", "cancel", "2026"), [ID]);
    assert.ok(lines(shell.calls).includes("--config /c.json complete-ids cancel"), shell.calls);
    assert.deepEqual(complete(shell, "confirm", ""), []);
  });

  test(`${name}: offers every command after help`, options, () => {
    using shell = new Shell();
    assert.deepEqual(complete(shell, "help", "").toSorted(), commands.toSorted());
    assert.deepEqual(complete(shell, "help", "canc"), ["cancel"]);
    assert.deepEqual(complete(shell, "help", "cancel", ""), []);
  });

  test(`${name}: offers the words that an argument may be`, options, () => {
    using shell = new Shell();
    assert.deepEqual(complete(shell, "lock", "").toSorted(), ["release", "status"]);
    assert.deepEqual(complete(shell, "lock", "status", ""), []);
    const acts = ["forget", "halt", "history", "resume", "status"];
    assert.deepEqual(complete(shell, "fleet", "").toSorted(), acts);
    assert.deepEqual(complete(shell, "fleet", "forget", ""), []);
  });

  test(`${name}: offers files for an argument that is one`, options, () => {
    using shell = new Shell();
    assert.deepEqual(bare(complete(shell, "check-config", "a-f")).toSorted(), [
      "a-file.json",
      "a-folder",
    ]);
  });

  test(`${name}: offers files, folders and spans where an option takes them`, options, () => {
    using shell = new Shell();
    assert.deepEqual(bare(complete(shell, "--config", "a-f")).toSorted(), [
      "a-file.json",
      "a-folder",
    ]);
    assert.deepEqual(bare(complete(shell, "status", "--state-dir", "a-f")), ["a-folder"]);
    assert.ok(complete(shell, "--delay", "").includes("5min"));
  });
}

test("bash: offers the last characters of an id", { skip: missing("bash") }, () => {
  using shell = new Shell();
  assert.deepEqual(bash(shell, "cancel", "dd"), ["dddd"]);
  assert.deepEqual(bash(shell, "cancel", "x"), []);
});

test("bash: a value after = counts as the option's", { skip: missing("bash") }, () => {
  using shell = new Shell();
  assert.deepEqual(bash(shell, "--delay", "=", "5"), ["5min"]);
  assert.deepEqual(bash(shell, "--delay", "=", "5", "canc"), ["cancel"]);
});

test("fish: tells what each means", { skip: missing("fish") }, () => {
  using shell = new Shell();
  const script = 'source $FILE; complete -C "deploy-finalize cancel 2"';
  const FILE = join(completions, "deploy-finalize.fish");
  const said = shell.run(["fish", "--no-config", "-c", script], { FILE });
  assert.equal(said, `${ID}\twaiting, switch, just now\n`);
});

/** Types into a real interactive zsh on a terminal of its own; prints what it then ran. */
const ZSH_DRIVER = `
zmodload zsh/zpty
zpty -b typed zsh -f -i
zpty -w typed "PROMPT= RPROMPT=; fpath=($FOLDER \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; print READ''Y"
zpty -r typed output '*READY*'
zpty -w typed "$LINE"
zpty -r typed output '*CALLED:*:*'
print -r -- "$output"
zpty -d typed
`;

const TYPED = [
  { typed: "canc\t", called: "cancel" },
  { typed: "cancel 2026\t", called: `cancel ${ID}` },
  { typed: "--config /c.json cancel 2026\t", called: `--config /c.json cancel ${ID}` },
  { typed: "--dry-r\t", called: "--dry-run" },
  { typed: "help canc\t", called: "help cancel" },
  { typed: "lock rel\t", called: "lock release" },
  { typed: "fleet res\t", called: "fleet resume" },
  { typed: "status --follo\t", called: "status --follow" },
  { typed: "check-config a-fi\t", called: "check-config a-file.json" },
  { typed: "--config a-fi\t", called: "--config a-file.json" },
  { typed: "--config=a-fi\t", called: "--config=a-file.json" },
  { typed: "status --state-dir a-f\t", called: "status --state-dir a-folder" },
] as const;

for (const { typed, called } of TYPED) {
  test(`zsh: ${JSON.stringify(typed)} becomes ${called}`, { skip: missing("zsh") }, () => {
    using shell = new Shell();
    shell.folder.write(
      "functions/_deploy-finalize",
      readFileSync(join(completions, "deploy-finalize.zsh"), "utf8"),
    );
    const FOLDER = shell.folder.at("functions");
    const said = shell.run(["zsh", "-f", "-c", ZSH_DRIVER], {
      FOLDER,
      LINE: `deploy-finalize ${typed}`,
    });
    assert.equal(/CALLED:(.*?) ?:/.exec(said)?.[1], called, said);
  });
}
