import type { Component, SystemView } from "../../src/core/decision/toplevel.ts";
import type { Folder } from "./folder.ts";

/** A component in the store, as a link that resolves. */
export function at(path: string): Component {
  return { kind: "path", path };
}

export const KERNEL_PARTS = {
  kernel: at("/nix/store/k1/bzImage"),
  initrd: at("/nix/store/i1/initrd"),
  "kernel-modules": at("/nix/store/m1-modules"),
} as const;

/** A system as the decision sees it; `changes` replaces single parts. */
export function system(toplevel: string, changes: Partial<SystemView> = {}): SystemView {
  return {
    toplevel,
    components: KERNEL_PARTS,
    initInterfaceVersion: "2",
    inhibitors: { kind: "absent" },
    ...changes,
  };
}

/** Makes a NixOS-shaped toplevel below `store/` of a folder; returns its path. */
export function makeToplevel(
  folder: Folder,
  name: string,
  parts: Readonly<Record<string, string>> = { kernel: "k1", initrd: "i1", "kernel-modules": "m1" },
): string {
  for (const [part, version] of Object.entries(parts)) {
    folder.write(`store/${version}/file`, version);
    folder.link(`store/${name}/${part}`, folder.at(`store/${version}/file`));
  }
  folder.write(`store/${name}/bin/switch-to-configuration`, "");
  folder.write(`store/${name}/init-interface-version`, "2\n");
  const units = `store/${name}/etc/systemd/system`;
  folder.write(`${units}/deploy-finalize-resume.service`, "");
  folder.link(
    `${units}/multi-user.target.wants/deploy-finalize-resume.service`,
    "../deploy-finalize-resume.service",
  );
  return folder.at(`store/${name}`);
}
