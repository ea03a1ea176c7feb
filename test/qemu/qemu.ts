import { availableParallelism, loadavg } from "node:os";

export interface Hardware {
  readonly firmware: "bios" | "efi";
  readonly disk: string;
  readonly tools: string;
  /** The EFI variables. */
  readonly vars: string;
  /** A watchdog resets the machine when it has not been heard of for 20 s. */
  readonly watchdog: "none" | "i6300esb";
  /** The file that gets what is said on the first serial line. */
  readonly console: string;
}

const FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd";

/**
 * The command line of a machine whose second serial line is its standard input and output. It is
 * emulated unless ACCEL=kvm says otherwise, because /dev/kvm may be there and not work. It is killed
 * with its parent, whatever kills that.
 */
export function qemuCommand({ firmware, watchdog, ...files }: Hardware): string[] {
  const accel = process.env["ACCEL"] ?? "tcg";
  return [
    "setpriv --pdeathsig KILL qemu-system-x86_64".split(" "),
    `-M pc -accel ${accel} -m 1024 -nodefaults -no-user-config -display none -monitor none`.split(
      " ",
    ),
    firmware === "bios" ? [] : flash(0, `readonly=on,file=${FIRMWARE}`),
    firmware === "bios" ? [] : flash(1, `file=${files.vars}`),
    virtio(`file=${files.disk}`),
    virtio(`readonly=on,file=${files.tools}`),
    watchdog === "none" ? [] : ["-device", watchdog, "-action", "watchdog=reset"],
    watchdog === "none" && !isBusy() ? [] : COUNTED,
    ["-serial", `file:${files.console}`, "-serial", "stdio"],
  ].flat();
}

/**
 * Its time is counted in instructions, which is slower. Without it a machine that gets little of a
 * busy processor has no time left between its clock ticks, and a slow boot is a hang for a watchdog.
 */
const COUNTED = ["-icount", "shift=3"];

function isBusy(): boolean {
  const [load = 0] = loadavg();
  return load > 2 * availableParallelism();
}

function virtio(file: string): string[] {
  return ["-drive", `if=virtio,format=raw,${file}`];
}

function flash(unit: 0 | 1, file: string): string[] {
  return ["-drive", `if=pflash,unit=${unit},format=raw,${file}`];
}
