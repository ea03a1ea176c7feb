import type { TlsFiles } from "../../core/config/lock-config.ts";
import { readBytes } from "../files/durable.ts";
import { reading, UnreadFile } from "../files/unread-file.ts";

/** On NixOS this file also holds what `security.pki` adds, so a private authority is trusted. */
const SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** Read for each request: certificates may be renewed between two requests. */
export function readTls({
  caFile = null,
  certFile = null,
  keyFile = null,
}: Partial<TlsFiles>): Record<string, Buffer> {
  return {
    ...trusted(caFile),
    ...(certFile !== null && { cert: readBytes(certFile) }),
    ...(keyFile !== null && { key: readBytes(keyFile) }),
  };
}

/** The problem with the files of TLS; null if they can be read. */
export function unreadTlsOf(files: Partial<TlsFiles>): UnreadFile | null {
  try {
    reading("a file for TLS", () => readTls(files));
    return null;
  } catch (error) {
    if (error instanceof UnreadFile) return error;
    throw error;
  }
}

/** Node's own list if the system has none. */
function trusted(caFile: string | null): Record<string, Buffer> {
  if (caFile !== null) return { ca: readBytes(caFile) };
  const ca = systemAuthorities();
  return ca === null ? {} : { ca };
}

/** Node's agent gives a proxy no list of its own: the proxy's certificate is checked by the default list. */
export async function trustSystemAuthorities(): Promise<void> {
  const { setDefaultCACertificates } = await import("node:tls");
  const authorities = systemAuthorities();
  if (authorities !== null) setDefaultCACertificates([authorities]);
}

function systemAuthorities(): Buffer | null {
  try {
    return readBytes(SYSTEM_AUTHORITIES);
  } catch {
    return null;
  }
}
