import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { release } from "./available.ts";
import { cacheFolder } from "./paths.ts";
import { ok } from "./spawn.ts";

/** What the hosts' Debian holds beyond `minbase`. */
const packages = [
  "systemd",
  "systemd-sysv",
  "libpam-systemd",
  "dbus",
  "dbus-user-session",
  "nix-bin",
  "openssh-server",
  "openssh-client",
  "jq",
  "util-linux",
  "procps",
  "curl",
  "iproute2",
  "nftables",
];

const hook = join(import.meta.dirname, "image-hook.sh");

/**
 * The folder of the image all hosts share as the lowest overlay layer. Made on first use (about
 * 20 s, needs Debian's package mirror) and kept under `cacheFolder` by the hash of its recipe.
 */
export async function image(): Promise<string> {
  const folder = join(cacheFolder, recipeHash());
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder, { recursive: true });
  // A second builder (another test file's process) waits for the first and then finds its image.
  await ok(
    ["flock", join(cacheFolder, "build.lock"), process.execPath, import.meta.filename, folder],
    { timeoutMs: 600_000 },
  );
  return folder;
}

function recipeHash(): string {
  const recipe = [process.arch, release(), ...packages, readFileSync(hook, "utf8")];
  return createHash("sha256").update(recipe.join("\n")).digest("hex").slice(0, 16);
}

/** Runs under the lock, in a process of its own. */
async function build(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await ok(
    [
      "mmdebstrap",
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      '--aptopt=Acquire::Check-Valid-Until "false"',
      "--dpkgopt=path-exclude=/usr/share/doc/*",
      "--dpkgopt=path-exclude=/usr/share/man/*",
      "--dpkgopt=path-exclude=/usr/share/locale/*",
      `--customize-hook=${hook} "$1"`,
      "--quiet",
      release(),
      unfinished,
      ...(await machineMirror()),
    ],
    { timeoutMs: 600_000 },
  );
  renameSync(unfinished, folder);
}

/** The mirror that this machine's own apt uses for Debian; mmdebstrap's default if there is none. */
async function machineMirror(): Promise<string[]> {
  const format = "$(SITE) $(ORIGIN) $(RELEASE) $(COMPONENT)";
  const targets = await ok(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]);
  const own = targets
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, origin, , component]) => origin === "Debian" && component === "main");
  return own?.[0] === undefined ? [] : [`deb ${own[0]} ${release()} main`];
}

if (import.meta.main) await build(process.argv[2] ?? "");
