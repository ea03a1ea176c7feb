import { execFileSync } from "node:child_process";
import type { Folder } from "../../support/folder.ts";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate that signs itself, in files; no authority of the system has signed it. */
export function certificateFor(
  folder: Folder,
  name: string,
  subject = "IP:127.0.0.1",
  ...more: readonly string[]
): Certificate {
  const [key, cert] = [folder.at(`${name}.key`), folder.at(`${name}.crt`)];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const about = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${subject}`];
  const words = ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...about, ...more];
  execFileSync("openssl", words, { stdio: "pipe" });
  return { key, cert };
}
