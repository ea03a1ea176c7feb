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

const FIRMWARE = "/usr/share/OVMF/OVMF_CODE.fd";

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
    watchdog === "none" ? [] : watched(watchdog),
    ["-serial", `file:${files.console}`, "-serial", "stdio"],
  ].flat();
}

/** Its 20 s are counted in instructions: on a busy machine a slow boot is no hang. */
function watched(device: string): string[] {
  return ["-device", device, "-action", "watchdog=reset", "-icount", "shift=4"];
}

function virtio(file: string): string[] {
  return ["-drive", `if=virtio,format=raw,${file}`];
}

function flash(unit: 0 | 1, file: string): string[] {
  return ["-drive", `if=pflash,unit=${unit},format=raw,${file}`];
}
