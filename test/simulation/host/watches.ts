import type { FolderNode } from "../kernel/disk-nodes.ts";
import type { Process } from "../kernel/process.ts";

interface Watch {
  readonly process: Process;
  readonly handle: number;
  readonly folder: FolderNode;
}

/** Who watches which folder: inotify(7). */
export class Watches {
  #all: Watch[] = [];

  add(watch: Watch): void {
    this.#all.push(watch);
  }

  /** Without a handle, all of the process. */
  remove(process: Process, handle: number | null = null): void {
    this.#all = this.#all.filter(
      (watch) => watch.process !== process || (handle !== null && watch.handle !== handle),
    );
  }

  clear(): void {
    this.#all = [];
  }

  /** Something has changed. What is still to be delivered is not repeated. */
  tell(folder: FolderNode, file: string): void {
    for (const watch of this.#all) {
      if (watch.folder !== folder) continue;
      const { pending } = watch.process;
      const isKnown = pending.some(
        ({ handle, happening }) =>
          handle === watch.handle && happening.kind === "changed" && happening.file === file,
      );
      if (isKnown) continue;
      pending.push({ handle: watch.handle, happening: { kind: "changed", file } });
    }
  }
}
