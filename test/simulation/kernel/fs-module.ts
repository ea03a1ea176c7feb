import { constants, type OpenMode } from "node:fs";
import { dirname } from "node:path";
import type { Disk } from "./disk.ts";
import type { FileNode, FolderNode, Node } from "./disk-nodes.ts";
import { SystemCallError } from "./errors.ts";
import type { Process } from "./process.ts";
import { currentRun } from "./run.ts";

/** What `node:fs` needs of the host beyond its disk. */
export interface FileHost {
  readonly disk: Disk;
  /** The text of a file that the kernel makes at each reading; null for other files. */
  readonly kernelFile: (path: string) => string | null;
  readonly watch: (process: Process, handle: number, folder: FolderNode) => void;
  readonly unwatch: (process: Process, handle: number) => void;
}

type Options = { readonly encoding?: string } | string | null;

/** `node:fs` for the program: the synchronous functions that it uses, each a call of its process. */
export class FileModule {
  readonly constants = constants;
  readonly #hostNow: () => FileHost;
  readonly #files = new Map<number, Node>();
  #lastFile = 10;

  constructor(host: () => FileHost) {
    this.#hostNow = host;
    this.realpathSync = Object.assign(this.#realPath, { native: this.#realPath });
  }

  get #host(): FileHost {
    return this.#hostNow();
  }

  get #disk(): Disk {
    return this.#host.disk;
  }

  readFileSync = (file: string | number, options: Options = null): string | Buffer => {
    const text = currentRun().call("readFile", this.#name(file), () => {
      if (typeof file === "number") return this.#opened(file).text;
      return this.#host.kernelFile(file) ?? this.#disk.file(file).text;
    });
    const encoding = typeof options === "string" ? options : options?.encoding;
    return encoding === undefined ? Buffer.from(text, "latin1") : text;
  };

  writeFileSync = (file: string | number, text: string, options: { mode?: number } = {}): void => {
    void options;
    currentRun().call("writeFile", this.#name(file), () => {
      const node = typeof file === "number" ? this.#opened(file) : this.#disk.create(file);
      this.#disk.write(node, text);
    });
  };

  openSync = (path: string, flags: OpenMode = "r"): number =>
    currentRun().call(flags === "w" ? "open to write" : "open", path, () => {
      const isNew = typeof flags === "number" ? (flags & constants.O_CREAT) !== 0 : flags === "w";
      const node = isNew ? this.#truncated(path) : this.#read(path);
      this.#files.set(++this.#lastFile, node);
      return this.#lastFile;
    });

  /** What the kernel makes at each reading is one text for an open file. */
  #read(path: string): Node {
    const text = this.#host.kernelFile(path);
    if (text === null) return this.#disk.node(path);
    return { kind: "file", inode: 0, changedAt: 0, text, synced: null };
  }

  #truncated(path: string): FileNode {
    const file = this.#disk.create(path);
    this.#disk.write(file, "");
    return file;
  }

  writeSync = (file: number, text: string): number =>
    currentRun().call("write", this.#name(file), () => {
      const node = this.#opened(file);
      this.#disk.write(node, node.text + text);
      return text.length;
    });

  fsyncSync = (file: number): void => {
    currentRun().call("fsync", this.#name(file), () => {
      const node = this.#files.get(file);
      if (node !== undefined) this.#disk.sync(node);
    });
  };

  fstatSync = (file: number): object =>
    currentRun().ownCall("fstat", () => {
      const node = this.#files.get(file);
      if (node === undefined) throw new SystemCallError("EINVAL", "fstat", String(file));
      return statusOf(node);
    });

  closeSync = (file: number): void => {
    currentRun().ownCall("close", () => this.#files.delete(file));
  };

  fchmodSync = (): void => {};
  chmodSync = (): void => {};

  existsSync = (path: string): boolean =>
    currentRun().call("exists", path, () => this.#disk.has(path));

  accessSync = (path: string): void => {
    currentRun().call("access", path, () => this.#disk.node(path, "follow", "access").inode);
  };

  statSync = (path: string, options?: { throwIfNoEntry?: boolean }): object | undefined =>
    this.#status(path, "follow", options);
  lstatSync = (path: string, options?: { throwIfNoEntry?: boolean }): object | undefined =>
    this.#status(path, "stay", options);

  #status(path: string, last: "follow" | "stay", { throwIfNoEntry = true } = {}) {
    return currentRun().call("stat", path, () => {
      const node = this.#nodeOrNone(path, last);
      if (node !== undefined) return statusOf(node);
      if (throwIfNoEntry) throw new SystemCallError("ENOENT", "stat", path);
      return undefined;
    });
  }

  #nodeOrNone(path: string, last: "follow" | "stay"): Node | undefined {
    try {
      return this.#disk.find(path, last, "stat").node;
    } catch (error) {
      if (error instanceof SystemCallError && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  readdirSync = (path: string, options: { withFileTypes?: boolean } = {}): readonly unknown[] =>
    currentRun().call("readdir", path, () => {
      const { entries } = this.#disk.folder(path);
      if (options.withFileTypes !== true) return [...entries.keys()].toSorted();
      return [...entries].map(([name, node]) => ({
        name,
        isDirectory: () => node.kind === "folder",
      }));
    });

  readlinkSync = (path: string): string =>
    currentRun().call("readlink", path, () => {
      const node = this.#disk.node(path, "stay", "readlink");
      if (node.kind !== "link") throw new SystemCallError("EINVAL", "readlink", path);
      return node.to;
    });

  readonly #realPath = (path: string): string =>
    currentRun().call("realpath", path, () => this.#disk.realPath(path));
  readonly realpathSync: ((path: string) => string) & { native: (path: string) => string };

  mkdirSync = (path: string, { recursive = false } = {}): void => {
    currentRun().call("mkdir", path, () => {
      this.#makeFolder(path, recursive);
    });
  };

  #makeFolder(path: string, isRecursive: boolean): void {
    if (isRecursive && this.#disk.has(path)) return;
    if (isRecursive) this.#makeFolder(dirname(path), true);
    this.#disk.makeFolder(path);
  }

  renameSync = (from: string, to: string): void => {
    currentRun().call("rename", `${from} → ${to}`, () => {
      this.#disk.rename(from, to);
    });
  };

  symlinkSync = (to: string, path: string): void => {
    currentRun().call("symlink", `${path} → ${to}`, () => {
      this.#disk.link(to, path);
    });
  };

  rmSync = (path: string, { force = false } = {}): void => {
    currentRun().call("rm", path, () => {
      if (force && this.#nodeOrNone(path, "stay") === undefined) return;
      this.#disk.remove(path);
    });
  };

  rmdirSync = (path: string): void => {
    currentRun().call("rmdir", path, () => {
      const folder = this.#disk.folder(path, "rmdir");
      if (folder.entries.size > 0) throw new SystemCallError("ENOTEMPTY", "rmdir", path);
      this.#disk.remove(path, "rmdir");
    });
  };

  watch = (path: string, listener: (event: string, file: string) => void) => {
    const run = currentRun();
    const handle = run.handle((happening) => {
      if (happening.kind === "changed") listener("rename", happening.file);
    });
    const { process } = run;
    run.call("watch", path, () => {
      this.#host.watch(process, handle, this.#disk.folder(path, "watch"));
    });
    const close = (): void => {
      if (run.isOver) return;
      run.forget(handle);
      run.call("unwatch", path, () => {
        this.#host.unwatch(process, handle);
      });
    };
    return { on: () => {}, close };
  };

  #opened(file: number): FileNode {
    const node = this.#files.get(file);
    if (node?.kind !== "file") throw new SystemCallError("EISDIR", "write", String(file));
    return node;
  }

  #name(file: string | number): string {
    return typeof file === "string" ? file : `file ${file}`;
  }
}

function statusOf({ inode, changedAt, kind }: Node): object {
  return {
    dev: 0,
    ino: inode,
    uid: 0,
    mtimeMs: changedAt,
    ctime: new Date(changedAt),
    isFile: () => kind === "file",
    isDirectory: () => kind === "folder",
  };
}
