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
  /** The units of /etc/systemd/user, in the same form. */
  userUnits?: Record<string, string>;
  /** Name → version of a program in the store that sleeps; `@NAME@` in `units` is its path. */
  programs?: Record<string, string>;
  /** Version of the CI runner's definition: another one makes a switch restart the runner. */
  runner?: string;
  /** Files below /etc → text. They are there once the toplevel was activated. */
  etc?: Record<string, string>;
  /** Boot parts that are not there at all, or whose link leads nowhere. */
  missing?: readonly BootPart[];
  dangling?: readonly BootPart[];
  /**
   * As with nixpkgs' systemd-boot builder: a toplevel becomes the boot default only if it is among
   * this number of newest generations (0: all). Left out: any toplevel becomes it, as with GRUB.
   */
  configurationLimit?: number;
  /** Who runs the activation at boot, and so where its output is. Default `systemd`. */
  stage1?: Stage1;
  failure?: ToplevelFailure;
  /** Name → the specialisation of that name, a toplevel of its own. */
  specialisation?: Record<string, ToplevelSpec>;
  /** As deploy-rs sets it in the profile: an `activatable-…` folder of links into the toplevel. */
  wrapped?: boolean;
};

export type BootPart = "kernel" | "initrd" | "kernel-modules";

/**
 * `systemd`: the initrd's initrd-nixos-activation.service; `scripted`: stage 2, through the kernel's
 * log; `container`: stage 2 without a kernel log. See notes/activation-at-boot.md.
 */
export type Stage1 = "systemd" | "scripted" | "container";

/** How a toplevel's own programs misbehave. For a unit that fails, give one in `units`. */
export type ToplevelFailure = {
  /** This snippet of the activation script fails: the switch continues and exits 2. */
  activation?: string;
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
  /** switch and test die with exit 1 half-way: each time, or only the first `times` times. */
  switchFault?: SwitchFault;
  /** This generation does not come up: the machine falls back to an older one. */
  boot?: true;
};

/** The last step before the fault: units stopped, activation run, or systemd reloaded. */
export type SwitchFault = { after: "stop" | "activation" | "daemon-reload"; times?: number };

/** A test that needs the stand-in while STC puts a real switch-to-configuration in its place. */
export class NeedsStandIn extends Error {
  constructor() {
    super("STC is set, and only the stand-in ends with a forced exit code");
  }
}

/**
 * The argument of guest/toplevel.nix: every field there, in a fixed order.
 *
 * @throws NeedsStandIn
 */
export function specJson(spec: ToplevelSpec): string {
  if (realSwitch() !== undefined && forcesAnEnd(spec)) throw new NeedsStandIn();
  return JSON.stringify(wholeSpec(spec));
}

/** The program that takes the place of the stand-in switch-to-configuration. */
export function realSwitch(): string | undefined {
  const path = process.env["STC"] ?? "";
  return path === "" ? undefined : path;
}

function forcesAnEnd({ failure = {}, specialisation = {} }: ToplevelSpec): boolean {
  const own = failure.switchExit !== undefined || failure.switchFault !== undefined;
  return own || Object.values(specialisation).some(forcesAnEnd);
}

function wholeSpec(spec: ToplevelSpec): object {
  const kernel = spec.kernel ?? "6.12.3";
  const inner = Object.entries(spec.specialisation ?? {});
  return {
    label: spec.label ?? "base",
    kernel,
    initrd: spec.initrd ?? kernel,
    kernelModules: spec.kernelModules ?? kernel,
    initInterfaceVersion: spec.initInterfaceVersion ?? "1",
    switchInhibitors: spec.switchInhibitors ?? null,
    units: spec.units ?? {},
    userUnits: spec.userUnits ?? {},
    programs: spec.programs ?? {},
    runner: spec.runner ?? "1",
    etc: spec.etc ?? {},
    missing: spec.missing ?? [],
    dangling: spec.dangling ?? [],
    standIn: standInFiles(spec),
    specialisation: Object.fromEntries(inner.map(([name, one]) => [name, wholeSpec(one)])),
    wrapped: spec.wrapped ?? false,
  };
}

/** Files of the toplevel's `stand-in` folder, which the stand-ins under guest/ look for. */
function standInFiles(spec: ToplevelSpec): Record<string, string> {
  const failure = spec.failure ?? {};
  const fault = failure.switchFault;
  const files = {
    "configuration-limit": spec.configurationLimit?.toString(),
    "stage-1": spec.stage1,
    "activation-fails": failure.activation,
    "activation-ms": failure.activationMs?.toString(),
    "leaves-process": failure.leftProcess && "yes",
    "pre-switch-check-fails": failure.preSwitchCheck,
    "boot-loader-fails": failure.bootLoader && "yes",
    "switch-exit": failure.switchExit?.toString(),
    "switch-fault": fault && `${fault.after} ${fault.times ?? "always"}`,
    "boot-fails": failure.boot && "yes",
  };
  return Object.fromEntries(
    Object.entries(files).filter((file): file is [string, string] => file[1] !== undefined),
  );
}
