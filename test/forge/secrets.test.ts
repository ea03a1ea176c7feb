import assert from "node:assert/strict";
import { test } from "node:test";
import { Secrets } from "../../src/forge/secrets.ts";
import { Folder } from "../support/folder.ts";

const SPELLINGS: [name: string, spell: (secret: string) => string][] = [
  ["as it is", (secret) => secret],
  ["in JSON", (secret) => JSON.stringify(secret)],
  ["in JSON with its slashes escaped", (secret) => JSON.stringify(secret).replaceAll("/", "\\/")],
  ["in JSON as numbers", (secret) => secret.replaceAll(/[&<+/]/g, asNumber)],
  ["in JSON within JSON", (secret) => JSON.stringify(JSON.stringify(secret))],
  ["in an address", encodeURIComponent],
  ["in an address, in lower case", (secret) => encodeURIComponent(secret).replaceAll(/%../g, low)],
  ["in HTML", (secret) => secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;")],
  ["in HTML as numbers", (secret) => secret.replaceAll("&", "&#38;").replaceAll("/", "&#x2F;")],
];

const asNumber = (letter: string): string =>
  `\\u00${letter.charCodeAt(0).toString(16).toUpperCase()}`;
const low = (code: string): string => code.toLowerCase();

for (const secret of [`a/b+c&d<e"f=`, "a%2Fb/c"]) {
  for (const [name, spell] of SPELLINGS) {
    test(`the secret ${secret} is hidden ${name}`, () => {
      using folder = new Folder();
      const secrets = new Secrets(() => {});
      assert.equal(secrets.from(folder.write("secret", secret)), secret);
      const hidden = secrets.hide(`bad token ${spell(secret)}, sorry`);
      assert.match(hidden, /^bad token [\\"]*\*\*\*[\\"]*, sorry$/);
    });
  }
}

test("what holds no secret stays as it is", () => {
  using folder = new Folder();
  const secrets = new Secrets(() => {});
  secrets.from(folder.write("secret", "a/b"));
  const text = String.raw`{"message":"100%25 \/ \u0026 &amp; 50%"}`;
  assert.equal(secrets.hide(text), text);
});
