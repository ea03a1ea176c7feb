import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Folder } from "../support/folder.ts";

const CONFIG = `[ca]
default_ca = own
[own]
database = DIR/index.txt
new_certs_dir = DIR
serial = DIR/serial
default_md = sha256
policy = names
unique_subject = no
[names]
commonName = supplied
`;

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export interface KeyPair {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** A certificate authority of a test, which can also sign for the past and the future. */
export class Authority {
  readonly certificate: string;
  readonly #at: (name: string) => string;
  readonly #folder: Folder;
  readonly #name: string;

  /** @param name a folder of its own in the folder */
  constructor(folder: Folder, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#at = (file) => folder.at(`${name}/${file}`);
    folder.write(`${name}/config`, CONFIG.replaceAll("DIR", folder.at(name)));
    folder.write(`${name}/index.txt`, "");
    folder.write(`${name}/serial`, "01\n");
    this.certificate = this.#at("ca.crt");
    const files = ["-keyout", this.#at("ca.key"), "-out", this.certificate];
    this.#run("req", "-x509", ...EC, ...files, "-days", "2", "-subj", "/CN=authority");
  }

  /** A certificate for a name or an address, valid in these years. */
  sign(name: string, subject: string, [from, to]: readonly [from: number, to: number]): KeyPair {
    const at = (end: string): string => this.#at(`${name}.${end}`);
    const extensions = this.#folder.write(
      `${this.#name}/${name}.ext`,
      `subjectAltName=${subject}\n`,
    );
    this.#run("req", ...EC, "-keyout", at("key"), "-out", at("csr"), "-subj", `/CN=${name}`);
    const signer = ["-keyfile", this.#at("ca.key"), "-cert", this.certificate];
    const span = ["-startdate", `${from}0101000000Z`, "-enddate", `${to}0101000000Z`];
    const files = ["-in", at("csr"), "-out", at("crt"), "-extfile", extensions];
    this.#run("ca", "-batch", "-config", this.#at("config"), ...signer, ...files, ...span);
    return { key: readFileSync(at("key")), cert: readFileSync(at("crt")) };
  }

  #run(...words: readonly string[]): void {
    execFileSync("openssl", words, { stdio: "pipe" });
  }
}
