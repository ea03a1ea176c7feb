/** The errors of system calls that the simulation gives, as Node makes them. */
const MEANINGS = {
  EACCES: [-13, "permission denied"],
  EEXIST: [-17, "file already exists"],
  EINVAL: [-22, "invalid argument"],
  EISDIR: [-21, "illegal operation on a directory"],
  ELOOP: [-40, "too many symbolic links encountered"],
  EMFILE: [-24, "too many open files"],
  ENOENT: [-2, "no such file or directory"],
  ENOSPC: [-28, "no space left on device"],
  ENOTDIR: [-20, "not a directory"],
  ENOTEMPTY: [-39, "directory not empty"],
} as const;

export type ErrorCode = keyof typeof MEANINGS;

export class SystemCallError extends Error {
  readonly code: ErrorCode;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;

  constructor(code: ErrorCode, syscall: string, path: string) {
    const [errno, meaning] = MEANINGS[code];
    super(`${code}: ${meaning}, ${syscall} '${path}'`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    this.path = path;
  }
}

/** Ends the code of a simulated process that was killed or interrupted: whatever it does now has no effect. */
export class Gone extends Error {
  constructor() {
    super("this simulated process is gone");
  }
}

/** The simulation itself is at fault: it is never a finding about the program. */
export class SimulationError extends Error {}
