import {
  apply,
  type Change,
  type FileNode,
  type FolderNode,
  type Medium,
  newFolder,
  type Node,
} from "./disk-nodes.ts";
import { type ErrorCode, SystemCallError } from "./errors.ts";
import type { Random } from "./random.ts";

/** Where a path leads. */
export interface Place {
  readonly folder: FolderNode;
  readonly name: string;
  /** Undefined if there is nothing of that name yet. */
  readonly node: Node | undefined;
}

type LastLink = "follow" | "stay";

const MOST_LINKS = 40;

/**
 * The file systems of a host. What was not synced may be lost by a power cut: the text of a file,
 * and each change of a folder, in any order.
 */
export class Disk {
  readonly root: FolderNode;
  /** Told of every change of a folder: for watchers. */
  onChange: (folder: FolderNode, name: string) => void = () => {};
  readonly now: () => number;
  #inodes = 100;
  readonly #dirty = new Set<FileNode | FolderNode>();
  /** Until a folder changes: a program asks for the same ones again and again. */
  readonly #realPaths = new Map<string, string>();

  constructor(now: () => number) {
    this.now = now;
    this.root = newFolder(2, 0, "disk");
  }

  /** @throws SystemCallError if a folder on the way is missing */
  find(path: string, last: LastLink = "follow", call = "open"): Place {
    const { place, code } = this.#look(path, last);
    return code === null ? place : this.#fail(code, call, path);
  }

  /** The last folder on the way, and why the way ends there; null if it does not. */
  #look(path: string, last: LastLink): { place: Place; code: ErrorCode | null } {
    let folder = this.root;
    let parts = split(path);
    const above: FolderNode[] = [];
    for (let index = 0, links = 0; index < parts.length;) {
      const name = parts[index++] ?? "";
      if (name === "..") {
        folder = above.pop() ?? this.root;
        continue;
      }
      const node = folder.entries.get(name);
      const isLast = index === parts.length;
      if (node?.kind === "link" && !(isLast && last === "stay")) {
        if (++links > MOST_LINKS) return endsAt(folder, name, "ELOOP");
        if (node.to.startsWith("/")) folder = this.#toRoot(above);
        parts = [...split(node.to), ...parts.slice(index)];
        index = 0;
        continue;
      }
      if (isLast) return { place: { folder, name, node }, code: null };
      if (node === undefined) return endsAt(folder, name, "ENOENT");
      if (node.kind !== "folder") return endsAt(folder, name, "ENOTDIR");
      above.push(folder);
      folder = node;
    }
    return { place: { folder, name: ".", node: folder }, code: null };
  }

  #toRoot(above: FolderNode[]): FolderNode {
    above.length = 0;
    return this.root;
  }

  /** The path without links. @throws SystemCallError ENOENT if there is nothing */
  realPath(path: string): string {
    const known = this.#realPaths.get(path);
    if (known !== undefined) return known;
    const found = this.#realPath(path);
    this.#realPaths.set(path, found);
    return found;
  }

  #realPath(path: string): string {
    let names: string[] = [];
    let folder = this.root;
    let parts = split(path);
    for (let index = 0, links = 0; index < parts.length;) {
      const name = parts[index++] ?? "";
      if (name === "..") {
        names.pop();
        folder = this.folder(`/${names.join("/")}`);
        continue;
      }
      const node = folder.entries.get(name);
      if (node === undefined) this.#fail("ENOENT", "realpath", path);
      if (node.kind === "link") {
        if (++links > MOST_LINKS) this.#fail("ELOOP", "realpath", path);
        parts = [...split(node.to), ...parts.slice(index)];
        index = 0;
        if (!node.to.startsWith("/")) continue;
        names = [];
        folder = this.root;
        continue;
      }
      names.push(name);
      if (node.kind === "folder") folder = node;
      else if (index < parts.length) this.#fail("ENOTDIR", "realpath", path);
    }
    return `/${names.join("/")}`;
  }

  /** @throws SystemCallError ENOENT if there is nothing */
  node(path: string, last: LastLink = "follow", call = "open"): Node {
    return this.find(path, last, call).node ?? this.#fail("ENOENT", call, path);
  }

  has(path: string): boolean {
    const { place, code } = this.#look(path, "follow");
    return code === null && place.node !== undefined;
  }

  folder(path: string, call = "scandir"): FolderNode {
    const node = this.node(path, "follow", call);
    return node.kind === "folder" ? node : this.#fail("ENOTDIR", call, path);
  }

  file(path: string, call = "open"): FileNode {
    const node = this.node(path, "follow", call);
    return node.kind === "file" ? node : this.#fail("EISDIR", call, path);
  }

  /** The file of that name, a new one if there is none. */
  create(path: string): FileNode {
    const { folder, name, node } = this.find(path);
    if (node !== undefined) return node.kind === "file" ? node : this.#fail("EISDIR", "open", path);
    const file: FileNode = {
      kind: "file",
      inode: ++this.#inodes,
      changedAt: this.now(),
      text: "",
      synced: null,
    };
    this.#change(folder, { put: [name, file], take: null });
    return file;
  }

  write(file: FileNode, text: string): void {
    file.text = text;
    file.changedAt = this.now();
    this.#dirty.add(file);
  }

  makeFolder(path: string, medium?: Medium): void {
    const { folder, name, node } = this.find(path, "stay", "mkdir");
    if (node !== undefined) this.#fail("EEXIST", "mkdir", path);
    const made = newFolder(++this.#inodes, this.now(), medium ?? folder.medium);
    this.#change(folder, { put: [name, made], take: null });
  }

  link(to: string, path: string): void {
    const { folder, name, node } = this.find(path, "stay", "symlink");
    if (node !== undefined) this.#fail("EEXIST", "symlink", path);
    const link = { kind: "link", inode: ++this.#inodes, changedAt: this.now(), to } as const;
    this.#change(folder, { put: [name, link], take: null });
  }

  rename(from: string, to: string): void {
    const source = this.find(from, "stay", "rename");
    const goal = this.find(to, "stay", "rename");
    const { node } = source;
    if (node === undefined) return this.#fail("ENOENT", "rename", from);
    if (source.folder === goal.folder) {
      this.#change(goal.folder, { put: [goal.name, node], take: source.name });
      return;
    }
    this.#change(goal.folder, { put: [goal.name, node], take: null });
    this.#change(source.folder, { put: null, take: source.name });
  }

  remove(path: string, call = "unlink"): void {
    const { folder, name, node } = this.find(path, "stay", call);
    if (node === undefined) this.#fail("ENOENT", call, path);
    this.#change(folder, { put: null, take: name });
  }

  #change(folder: FolderNode, change: Change): void {
    if (folder.medium === "disk") {
      folder.synced ??= new Map(folder.entries);
      folder.changes.push(change);
      this.#dirty.add(folder);
    }
    apply(folder.entries, change);
    this.#realPaths.clear();
    folder.changedAt = this.now();
    if (change.take !== null) this.onChange(folder, change.take);
    if (change.put !== null) this.onChange(folder, change.put[0]);
  }

  /** Empties a file system that is only in memory. */
  empty(path: string): void {
    this.folder(path).entries.clear();
    this.#realPaths.clear();
  }

  sync(node: Node): void {
    if (node.kind === "file") node.synced = node.text;
    if (node.kind === "folder") {
      node.synced = null;
      node.changes = [];
    }
    if (node.kind !== "link") this.#dirty.delete(node);
  }

  /** syncfs(2), and what the kernel does by itself after half a minute. */
  syncAll(): void {
    for (const node of this.#dirty) this.sync(node);
  }

  /** Loses what was not synced; `some`: each thing or not, as the random numbers say. */
  losePower(random: Random, how: "loses some" | "loses all"): void {
    this.#realPaths.clear();
    const isKept = (): boolean => how === "loses some" && random.oneIn(2);
    for (const node of this.#dirty) {
      if (node.kind === "file") {
        const before = node.synced ?? "";
        if (!isKept()) node.text = isKept() ? "" : before;
      } else if (node.synced !== null) {
        const entries = node.synced;
        for (const change of node.changes) if (isKept()) apply(entries, change);
        node.entries = entries;
      }
      this.sync(node);
    }
  }

  #fail(code: ErrorCode, call: string, path: string): never {
    throw new SystemCallError(code, call, path);
  }
}

function endsAt(folder: FolderNode, name: string, code: ErrorCode) {
  return { place: { folder, name, node: undefined }, code };
}

/** Every host has almost the same paths. */
const parts = new Map<string, readonly string[]>();
const MOST_PATHS = 10_000;

function split(path: string): readonly string[] {
  const known = parts.get(path);
  if (known !== undefined) return known;
  const found = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.size >= MOST_PATHS) parts.clear();
  parts.set(path, found);
  return found;
}
