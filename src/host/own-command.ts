/** How a unit calls this program. */
export interface OwnCommand {
  readonly command: readonly string[];
  /** The PATH of the unit: PID 1 has none on NixOS. */
  readonly path: string;
}
