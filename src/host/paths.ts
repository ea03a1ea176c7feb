import { join } from "node:path";

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
  return {
    bootedSystem: join(root, "run/booted-system"),
    currentSystem: join(root, "run/current-system"),
    systemdRuntime: join(root, "run/systemd/system"),
    unitFolders: ["run/systemd/transient", "run/systemd/system", "etc/systemd/system"].map(
      (folder) => join(root, folder),
    ),
    bootId: join(root, "proc/sys/kernel/random/boot_id"),
    machineId: join(root, "etc/machine-id"),
    kernelLocks: join(root, "proc/locks"),
    switchLock: join(root, "run/nixos/switch-to-configuration.lock"),
    loginSessions: join(root, "run/systemd/sessions"),
    inhibitors: join(root, "run/systemd/inhibit"),
    processes: join(root, "proc"),
    controlGroups: ["", "unified", "systemd"].map((name) => join(root, "sys/fs/cgroup", name)),
    containerSockets: ["run/docker.sock", "run/podman/podman.sock"].map((name) => join(root, name)),
    notice: join(root, "run/deploy-finalize/notice"),
    kexecInitrd: join(root, "run/deploy-finalize/initrd"),
    lockdown: join(root, "sys/kernel/security/lockdown"),
    kexecDisabled: join(root, "proc/sys/kernel/kexec_load_disabled"),
    bootFolders: ["boot", "boot/efi", "efi"].map((name) => join(root, name)),
    grub: join(root, "boot/grub"),
    efiVariables: join(root, "sys/firmware/efi/efivars"),
    blockDevices: join(root, "sys/dev/block"),
    pins: join(root, "nix/var/nix/gcroots/deploy-finalize"),
  };
}
