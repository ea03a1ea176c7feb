/** Where things are on a NixOS host. */
export interface Paths {
  readonly bootedSystem: string;
  readonly currentSystem: string;
  /** There when systemd is PID 1: sd_booted(3). */
  readonly systemdRuntime: string;
  /** Where unit files of timers may lie. */
  readonly unitFolders: readonly string[];
  readonly bootId: string;
  /** machine-id(5). */
  readonly machineId: string;
  /** The file locks that are held: proc_locks(5). */
  readonly kernelLocks: string;
  /** Taken by switch-to-configuration while it runs. */
  readonly switchLock: string;
  /** One file for each login session: systemd-logind's runtime state. */
  readonly loginSessions: string;
  /** One file for each inhibitor; only watched. */
  readonly inhibitors: string;
  /** proc(5). */
  readonly processes: string;
  /** Where the control groups that systemd makes may lie: cgroup v2, hybrid, v1. */
  readonly controlGroups: readonly string[];
  /** Where Docker or Podman answer; both speak Docker's API. */
  readonly containerSockets: readonly string[];
  /** What whoever logs in is shown: world-readable, gone after a boot. */
  readonly notice: string;
  /** An initrd with its secrets, on its way into the kernel. */
  readonly kexecInitrd: string;
  /** How far the kernel is locked down, the level in brackets; not there where it cannot be. */
  readonly lockdown: string;
  /** 1 where no kernel can be loaded any more. */
  readonly kexecDisabled: string;
  /** Where a boot loader may keep kernels. */
  readonly bootFolders: readonly string[];
  /** Where GRUB keeps its menu and its environment. */
  readonly grub: string;
  /** efivarfs. */
  readonly efiVariables: string;
  /** Block devices by their numbers, in sysfs. */
  readonly blockDevices: string;
  /** Our GC roots; Nix reads links in folders below gcroots too. */
  readonly pins: string;
}

/** The paths below a root: `/`, and a folder of their own for tests. */
export function pathsUnder(root: string): Paths {
  // Not `join`, which reads each path letter by letter: a tenth of a millisecond at each start.
  const at = (path: string): string => (root === "/" ? `/${path}` : `${root}/${path}`);
  return {
    bootedSystem: at("run/booted-system"),
    currentSystem: at("run/current-system"),
    systemdRuntime: at("run/systemd/system"),
    unitFolders: ["run/systemd/transient", "run/systemd/system", "etc/systemd/system"].map(at),
    bootId: at("proc/sys/kernel/random/boot_id"),
    machineId: at("etc/machine-id"),
    kernelLocks: at("proc/locks"),
    switchLock: at("run/nixos/switch-to-configuration.lock"),
    loginSessions: at("run/systemd/sessions"),
    inhibitors: at("run/systemd/inhibit"),
    processes: at("proc"),
    controlGroups: ["", "/unified", "/systemd"].map((name) => at(`sys/fs/cgroup${name}`)),
    containerSockets: ["run/docker.sock", "run/podman/podman.sock"].map(at),
    notice: at("run/deploy-finalize/notice"),
    kexecInitrd: at("run/deploy-finalize/initrd"),
    lockdown: at("sys/kernel/security/lockdown"),
    kexecDisabled: at("proc/sys/kernel/kexec_load_disabled"),
    bootFolders: ["boot", "boot/efi", "efi"].map(at),
    grub: at("boot/grub"),
    efiVariables: at("sys/firmware/efi/efivars"),
    blockDevices: at("sys/dev/block"),
    pins: at("nix/var/nix/gcroots/deploy-finalize"),
  };
}
