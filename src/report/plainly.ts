/** Text may be quoted within a quotation; more often it is no server's doing. */
const MOST_ROUNDS = 4;

const HTML: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** A text with the escapes of JSON, addresses and HTML undone, to look for something in it. */
export function plainly(text: string): string {
  let plain = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    plain = plain
      .replaceAll(/\\u([0-9a-f]{4})/gi, fromHex)
      .replaceAll(/\\(["\\/])/g, "$1")
      .replaceAll(/%([0-9a-f]{2})/gi, fromHex)
      .replaceAll(/&#x0*([0-9a-f]{1,4});/gi, fromHex)
      .replaceAll(/&#0*(\d{1,5});/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => HTML[name] ?? "");
  }
  return plain;
}

function fromHex(_: string, code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16));
}
