/** What a process that talks to the network may do. */
export interface Sandbox {
  /** The folders that it may write into. */
  readonly writable: readonly string[];
}

/** Sockets behind which a program of root does what root asks for. */
const CONTROL_SOCKETS = [
  "/run/systemd/private",
  "/run/dbus/system_bus_socket",
  "/nix/var/nix/daemon-socket",
  "/run/docker.sock",
  "/run/podman",
  "/run/user",
  "/run/systemd/machine",
  "/run/screen",
  "/run/screens",
  "/tmp/tmux-0",
  "/run/containerd",
];

/**
 * Properties of a unit that reads files and talks to servers: systemd.exec(5). The reasons, and the
 * reasons for what is left out, are in docs/security.md.
 */
const READS_AND_TALKS = [
  "ProtectSystem=strict",
  "ProtectHome=read-only",
  // Separate mounts, which the first one may leave writable (notes/protect-system.md).
  "ReadOnlyPaths=/run -/dev/shm",
  `InaccessiblePaths=${CONTROL_SOCKETS.map((path) => `-${path}`).join(" ")}`,
  // A secret may belong to another user. It reads each anew, so that it may change.
  "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
  "NoNewPrivileges=yes",
  "PrivateDevices=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "LockPersonality=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources",
  // Any process of root may end the others of root, or have PID 1 reboot.
  "SystemCallFilter=~kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo",
  "SystemCallErrorNumber=EPERM",
] as const;

export function sandboxed({ writable }: Sandbox): string[] {
  return [...READS_AND_TALKS, `ReadWritePaths=${writable.map(quoted).join(" ")}`].map(
    (property) => `--property=${property}`,
  );
}

/** One word for systemd; a folder that is not there is left out. */
function quoted(path: string): string {
  return `"-${path.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
