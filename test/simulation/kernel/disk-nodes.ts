/** What a folder keeps on the disk, and what it would lose in a power cut. */
export type Node = FileNode | FolderNode | LinkNode;

/** `memory`: a file system in memory, which is empty after a boot. */
export type Medium = "disk" | "memory";

interface Common {
  readonly inode: number;
  /** Milliseconds since the epoch. */
  changedAt: number;
}

export interface FileNode extends Common {
  readonly kind: "file";
  text: string;
  /** The text that a power cut cannot take; null if nothing was synced. */
  synced: string | null;
}

export interface LinkNode extends Common {
  readonly kind: "link";
  readonly to: string;
}

/** A change of a folder that is not synced yet; a rename takes one name away and puts another. */
export interface Change {
  readonly put: readonly [name: string, node: Node] | null;
  readonly take: string | null;
}

export interface FolderNode extends Common {
  readonly kind: "folder";
  readonly medium: Medium;
  entries: Map<string, Node>;
  /** The entries at the last sync; null while nothing has changed since. */
  synced: Map<string, Node> | null;
  changes: Change[];
}

export function newFolder(inode: number, changedAt: number, medium: Medium): FolderNode {
  return {
    kind: "folder",
    inode,
    changedAt,
    medium,
    entries: new Map(),
    synced: null,
    changes: [],
  };
}

export function apply(entries: Map<string, Node>, { put, take }: Change): void {
  if (take !== null) entries.delete(take);
  if (put !== null) entries.set(...put);
}
