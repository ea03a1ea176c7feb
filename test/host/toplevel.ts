/** What a toplevel built on the test host holds. Equal specs give the same store path. */
export type ToplevelSpec = {
  /** Part of the store path's name, and `nixos-version`. */
  label?: string;
  /** Version of the kernel; `initrd` and `kernelModules` follow it unless given. */
  kernel?: string;
  initrd?: string;
  kernelModules?: string;
  initInterfaceVersion?: string;
  /** Content of `switch-inhibitors`; no such file when left out. */
  switchInhibitors?: Record<string, string>;
  /** Unit name (or a path such as `x.service.d/y.conf`) → text. `WantedBy=` lines are honoured. */
  units?: Record<string, string>;
  /** Version of the CI runner's definition: another one makes a switch restart the runner. */
  runner?: string;
  /** Files below /etc → text. They are there once the toplevel was activated. */
  etc?: Record<string, string>;
  /** Boot parts that are not there at all, or whose link leads nowhere. */
  missing?: readonly BootPart[];
  dangling?: readonly BootPart[];
  failure?: ToplevelFailure;
  /** As deploy-rs sets it in the profile: an `activatable-…` folder of links into the toplevel. */
  wrapped?: boolean;
};

export type BootPart = "kernel" | "initrd" | "kernel-modules";

/** How a toplevel's own programs misbehave. For a unit that fails, give one in `units`. */
export type ToplevelFailure = {
  /** Part of the activation script fails: the switch is done all the same and exits 2. */
  activation?: true;
  /** Milliseconds the activation takes. */
  activationMs?: number;
  /** The activation leaves a process behind, which has its output still. */
  leftProcess?: true;
  /** A pre-switch check prints this text and refuses all but `boot`: exit 1. */
  preSwitchCheck?: string;
  /** The boot loader cannot be installed: switch and boot exit 1. */
  bootLoader?: true;
  /** switch and test exit with this and do nothing (the boot default is set). */
  switchExit?: number;
  /** This generation does not come up: the machine falls back to an older one. */
  boot?: true;
};

/** The argument of guest/toplevel.nix: every field there, in a fixed order. */
export function specJson(spec: ToplevelSpec): string {
  const kernel = spec.kernel ?? "6.12.3";
  return JSON.stringify({
    label: spec.label ?? "base",
    kernel,
    initrd: spec.initrd ?? kernel,
    kernelModules: spec.kernelModules ?? kernel,
    initInterfaceVersion: spec.initInterfaceVersion ?? "1",
    switchInhibitors: spec.switchInhibitors ?? null,
    units: spec.units ?? {},
    runner: spec.runner ?? "1",
    etc: spec.etc ?? {},
    missing: spec.missing ?? [],
    dangling: spec.dangling ?? [],
    standIn: standInFiles(spec.failure ?? {}),
    wrapped: spec.wrapped ?? false,
  });
}

/** Files of the toplevel's `stand-in` folder, which the stand-ins under guest/ look for. */
function standInFiles(failure: ToplevelFailure): Record<string, string> {
  const files = {
    "activation-fails": failure.activation && "yes",
    "activation-ms": failure.activationMs?.toString(),
    "leaves-process": failure.leftProcess && "yes",
    "pre-switch-check-fails": failure.preSwitchCheck,
    "boot-loader-fails": failure.bootLoader && "yes",
    "switch-exit": failure.switchExit?.toString(),
    "boot-fails": failure.boot && "yes",
  };
  return Object.fromEntries(
    Object.entries(files).filter((file): file is [string, string] => file[1] !== undefined),
  );
}
