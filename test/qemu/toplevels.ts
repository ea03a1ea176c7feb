/** The toplevels that a disk holds, by their fate; `old` is the one that is installed. */
export const TOPLEVELS = {
  old: toplevelNamed("old"),
  good: toplevelNamed("good"),
  panic: toplevelNamed("panic"),
  hang: toplevelNamed("hang"),
  emergency: toplevelNamed("emergency"),
} as const;
export type Label = keyof typeof TOPLEVELS;

export const LABELS = ["old", "good", "panic", "hang", "emergency"] as const;

/** Which of the toplevels a name in the store is. */
export function labelOf(name: string): Label {
  const label = LABELS.find((one) => TOPLEVELS[one] === `/nix/store/${name}`);
  if (label === undefined) throw new Error(`no system of the test: ${name}`);
  return label;
}

export function toplevelNamed(label: string): string {
  return `/nix/store/${label.padEnd(32, "0")}-nixos-system-machine`;
}
