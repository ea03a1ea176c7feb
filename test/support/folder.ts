import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder that goes away with the test. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "deploy-finalize-"));

  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, text: string): string {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), text);
    return this.at(name);
  }

  link(name: string, place: string): string {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    symlinkSync(place, this.at(name));
    return this.at(name);
  }

  remove(name: string): void {
    rmSync(this.at(name), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
