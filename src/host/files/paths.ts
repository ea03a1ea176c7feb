import { join } from "node:path";

/** The paths below a root: `/`, or a folder for tests. */
export function pathsUnder(root: string) {
  const at = (path: string): string => join(root, path);
  return {
    root,
    bootedSystem: at("run/booted-system"),
    currentSystem: at("run/current-system"),
    /** Exists if systemd is PID 1: sd_booted(3). */
    systemdRuntime: at("run/systemd/system"),
    /** The folders with unit files of timers. */
    unitFolders: ["run/systemd/transient", "run/systemd/system", "etc/systemd/system"].map(at),
    bootId: at("proc/sys/kernel/random/boot_id"),
    /** machine-id(5). */
    machineId: at("etc/machine-id"),
    /** The held file locks: proc_locks(5). */
    kernelLocks: at("proc/locks"),
    /** One link for each unit that runs processes, to the id of its last start: systemd.exec(5), INVOCATION_ID. */
    startedUnits: at("run/systemd/units"),
    /** Taken by switch-to-configuration while it runs. */
    switchLock: at("run/nixos/switch-to-configuration.lock"),
    /** One file for each login session: systemd-logind's runtime state. */
    loginSessions: at("run/systemd/sessions"),
    /** One file for each user who is logged in or lingers, likewise. */
    loginUsers: at("run/systemd/users"),
    /** One file for each inhibitor; only watched. */
    inhibitors: at("run/systemd/inhibit"),
    /** The terminals, for one. */
    devices: at("dev"),
    /** proc(5). */
    processes: at("proc"),
    /** The roots of systemd's control groups: cgroup v2, hybrid, v1. */
    controlGroups: ["", "/unified", "/systemd"].map((name) => at(`sys/fs/cgroup${name}`)),
    /** The notice for logins: world-readable, gone after a boot. */
    notice: at("run/deploy-finalize/notice"),
    /** One file for each runner that does not start before a switch has ended. */
    heldRunners: at("run/deploy-finalize/held"),
    /** One file for each finalization that has stopped runners; it names them. */
    stoppedRunners: at("run/deploy-finalize/stopped"),
    /** An initrd with its secrets, while kexec loads it. */
    kexecInitrd: at("run/deploy-finalize/initrd"),
    /** The lockdown level of the kernel, in brackets; missing if the kernel has no lockdown. */
    lockdown: at("sys/kernel/security/lockdown"),
    /** 1 if the kernel refuses to load another kernel. */
    kexecDisabled: at("proc/sys/kernel/kexec_load_disabled"),
    /** 1 if a kernel is loaded that kexec would start. */
    kexecLoaded: at("sys/kernel/kexec_loaded"),
    /** The folders in which a boot loader may keep kernels. */
    bootFolders: ["boot", "boot/efi", "efi"].map(at),
    /** The folder of GRUB's menu and environment. */
    grub: at("boot/grub"),
    /** efivarfs. */
    efiVariables: at("sys/firmware/efi/efivars"),
    /** The watchdogs whose drivers are loaded. */
    watchdogs: at("sys/class/watchdog"),
    /** Block devices by their numbers, in sysfs. */
    blockDevices: at("sys/dev/block"),
    /** Block devices by their names, in sysfs. */
    disks: at("sys/block"),
    /** One folder for each btrfs that is mounted, in sysfs. */
    btrfs: at("sys/fs/btrfs"),
    /** Exists if the kernel has ZFS. */
    zfs: at("proc/spl/kstat/zfs"),
    /** The garbage-collector roots of this program; Nix also reads links in folders below gcroots. */
    pins: at("nix/var/nix/gcroots/deploy-finalize"),
    /** What the scripts of stage 2 printed at this boot, if the kernel's log could not be written. */
    stage2Log: at("run/log/stage-2-init.log"),
  };
}

/** The paths of a NixOS host. */
export type Paths = Readonly<ReturnType<typeof pathsUnder>>;
