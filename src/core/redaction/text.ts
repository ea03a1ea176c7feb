/** What stands in the place of a secret. */
const HIDDEN = "***";

/** A value after its name. */
const NAMED =
  /((?:pass(?:word|phrase|wd)?|secret|token|api[_-]?key|private[_-]?key|credential)s?\\?["']?\s*[=:]\s*\\?["']?)([^\s"',;\\]+)/gi;
/** A value in quotes after its name: it may have spaces. */
const IN_DOUBLE_QUOTES =
  /((?:pass(?:word|phrase|wd)?|secret|token|api[_-]?key|private[_-]?key|credential)s?\\?["']?\s{0,9}[=:]\s{0,9}\\?")[^"\\\n]{1,500}(?=\\?")/gi;
const IN_SINGLE_QUOTES =
  /((?:pass(?:word|phrase|wd)?|secret|token|api[_-]?key|private[_-]?key|credential)s?["']?\s{0,9}[=:]\s{0,9}')[^'\n]{1,500}(?=')/gi;
/** The number of an error, which is no value. */
const ERROR_NUMBER = /^E[A-Z]{3,10}$/;
const OPTION =
  /(--(?:pass(?:word|phrase|wd)?|secret|token|api-?key|private-?key|credential)["']?,?\s+["']?)[^\s"',-][^\s"',]*/gi;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|$)/g,
    HIDDEN,
  ],
  // The user and the password of an address.
  [/:\/\/[^\s/@"']+@/g, `://${HIDDEN}@`],
  [/\b(basic|bearer)\s+[A-Za-z0-9+/_.=~-]{8,}/gi, `$1 ${HIDDEN}`],
  [
    /(\bauthorization\\?["']?\s{0,9}[=:]\s{0,9}\\?["']?(?:(?:basic|bearer|token|apikey|digest)\s{1,9})?)[^\s"',;\\]+/gi,
    `$1${HIDDEN}`,
  ],
  // netrc(5), which Nix reads too.
  [/(\blogin\s{1,9}\S{1,100}\s{1,9}password\s{1,9})\S+/gi, `$1${HIDDEN}`],
  [IN_DOUBLE_QUOTES, `$1${HIDDEN}`],
  [IN_SINGLE_QUOTES, `$1${HIDDEN}`],
  [OPTION, `$1${HIDDEN}`],
];

/** Tokens that can be told by how they begin. */
const TOKEN =
  /^(?:gh[oprsu]_|github_pat_|gldt-|glpat-|glrt-|xox[abeprs]-|tskey-|AKIA|AGE-SECRET-KEY-)[\w.-]{12,}$/;
const WEB_TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/;

/** Addresses whose path is a secret. */
const SECRET_PATHS = [
  "https://hooks.slack.com/",
  "https://discord.com/api/webhooks/",
  "https://discordapp.com/api/webhooks/",
];

/** A text without what looks like a secret. It knows no secret, so it may hide too much or too little. */
export function withoutSecretLooks(text: string): string {
  const named = PATTERNS.reduce((rest, [pattern, by]) => rest.replaceAll(pattern, by), text);
  return named
    .replaceAll(NAMED, (all, name: string, value: string) =>
      ERROR_NUMBER.test(value) ? all : `${name}${HIDDEN}`,
    )
    .replaceAll(/[^\s"'<>]+/g, withoutSecretAddress)
    .replaceAll(/[\w.-]+/g, (word) => (TOKEN.test(word) || WEB_TOKEN.test(word) ? HIDDEN : word));
}

/** A word without the query of an address in it, which may hold a token. */
function withoutSecretAddress(word: string): string {
  const start = word.indexOf("://");
  if (start < 0) return word;
  const path = SECRET_PATHS.find((address) => word.includes(address));
  if (path !== undefined) return `${word.slice(0, word.indexOf(path) + path.length)}${HIDDEN}`;
  const query = word.slice(start).search(/[?#]/);
  return query < 0 ? word : `${word.slice(0, start + query + 1)}${HIDDEN}`;
}
