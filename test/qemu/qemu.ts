import type { LoaderKind } from "./disk.ts";

export interface Hardware {
  readonly loader: LoaderKind;
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
 * The command line of a machine whose second serial line is its standard input and output. Always
 * emulated: where /dev/kvm is there it may not work. Killed with its parent, whatever kills that.
 */
export function qemuCommand(hardware: Hardware): string[] {
  const { loader, watchdog } = hardware;
  return [
    "setpriv --pdeathsig KILL qemu-system-x86_64".split(" "),
    "-M pc -accel tcg -m 1024 -nodefaults -no-user-config -display none -monitor none".split(" "),
    loader === "grub-bios" ? [] : flash(0, `readonly=on,file=${FIRMWARE}`),
    loader === "grub-bios" ? [] : flash(1, `file=${hardware.vars}`),
    virtio(`file=${hardware.disk}`),
    virtio(`readonly=on,file=${hardware.tools}`),
    watchdog === "none" ? [] : ["-device", watchdog, "-action", "watchdog=reset"],
    ["-serial", `file:${hardware.console}`, "-serial", "stdio"],
  ].flat();
}

function virtio(file: string): string[] {
  return ["-drive", `if=virtio,format=raw,${file}`];
}

function flash(unit: 0 | 1, file: string): string[] {
  return ["-drive", `if=pflash,unit=${unit},format=raw,${file}`];
}
