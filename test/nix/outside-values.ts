import { LONGEST_SPAN_SECONDS } from "../../src/core/span.ts";
import type { OptionType } from "./option-types.ts";

/** The bounds of numbers that the program holds tighter than Nix does. */
const LIMITS: Readonly<Record<string, { readonly lowest: number; readonly highest: number }>> = {
  wholeSeconds: { lowest: 0, highest: LONGEST_SPAN_SECONDS },
  someSeconds: { lowest: 1, highest: LONGEST_SPAN_SECONDS },
  fractionOfSeconds: { lowest: 0.05, highest: LONGEST_SPAN_SECONDS },
  port: { lowest: 1, highest: 65_535 },
  httpStatus: { lowest: 100, highest: 599 },
  wave: { lowest: 0, highest: 9999 },
  failures: { lowest: 1, highest: 9999 },
  slots: { lowest: 1, highest: 9999 },
};

/** Keys that an entry of a kind may have beside those of all kinds; only a help to find good ones. */
export const KEYS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  unit: ["unit"],
  command: ["command"],
  http: ["url", "status", "body"],
  tcp: ["host", "port"],
  processes: [],
  containers: ["pattern"],
  "process-name": ["pattern"],
  metrics: ["url", "metric"],
  fleetlock: ["url"],
  gitea: ["url", "tokenFile", "repository", "link", "context", "waitForJob"],
  forgejo: ["url", "tokenFile", "repository", "link", "context", "waitForJob"],
  github: ["url", "tokenFile", "repository", "link", "context", "waitForJob"],
  gitlab: ["url", "tokenFile", "repository", "link", "context", "waitForJob"],
  "github-deployment": ["url", "tokenFile", "repository", "link", "environment"],
  webhook: ["url", "tokenFile", "secretFile"],
  ntfy: ["url", "tokenFile"],
  gotify: ["url", "tokenFile"],
  slack: ["urlFile"],
  discord: ["urlFile"],
  matrix: ["url", "tokenFile", "room"],
  etcd: ["endpoints", "prefix", "slots", "lease", "username", "passwordFile"],
};
/** What tells the kind of an entry. */
export const TAGS = ["kind", "backend"];

/** One text that each named type takes, and texts that it does not. */
const TEXTS: Readonly<
  Record<string, { readonly right: string; readonly wrong: readonly string[] }>
> = {
  str: { right: "x", wrong: [] },
  someText: { right: "x", wrong: ["", " ", "\n"] },
  absolutePath: { right: "/x", wrong: ["", "x", "./x", " /x"] },
  secretFile: {
    right: "/run/secrets/x",
    wrong: [
      "",
      "x",
      "/nix/store/00000000000000000000000000000000-x",
      "/run/../nix/store/00000000000000000000000000000000-x",
      "//nix/./store/00000000000000000000000000000000-x",
    ],
  },
  hookName: {
    right: "x",
    wrong: ["", "-x", ".", "a/b", "a b", "x".repeat(65)],
  },
  receiverName: { right: "x", wrong: ["", "-x", "X", "a.b", "a/b", "x".repeat(41)] },
  metricName: { right: "x", wrong: ["", "x{}", "9x", "x y"] },
  repositoryName: { right: "x/y", wrong: ["", "https://x/y", "/x", "x/y/", "x y"] },
  webAddressWithUser: { right: "http://u:p@x:3128/", wrong: ["", "x:3128", "socks5://x"] },
  linkAddress: { right: "https://x/{host}", wrong: ["", "x/{host}", "ftp://x"] },
  roomId: { right: "!x:y", wrong: ["", "#x:y"] },
  metricsFile: { right: "/var/x.prom", wrong: ["", "x.prom", "/x.prom", "/var/x.txt"] },
  calendarExpression: { right: "Sat 02:00", wrong: ["", " ", "Sat\n02:00"] },
  plainLine: { right: "Soon.", wrong: ["", " ", "a\nb", "a\tb"] },
  holderName: { right: "zincati", wrong: ["", "a b", "a/b", "ü", "x".repeat(129)] },
  groupName: { right: "x", wrong: ["", "a b", "a/b", "ü"] },
  keyPrefix: { right: "x", wrong: ["", "/", "a/"] },
  serverAddress: { right: "http://x", wrong: ["", "x", "http://x?y", "http://x/#y", "http://u@x"] },
  componentName: { right: "x", wrong: ["", "a/b", "/", ".", ".."] },
  unitName: {
    right: "x.service",
    wrong: ["", "x", "x.", "-x.service", "x y.service", "x.Service", "a/b.service"],
  },
  unitGlob: { right: "x*", wrong: ["", "a b", "[ab]", "a/b"] },
  webAddress: {
    right: "http://x",
    wrong: [
      "",
      "x",
      "ftp://x",
      "http://",
      "HTTP://x",
      "http://x:65536",
      "http://1.2.3.256",
      "http://[1]",
      "http://u:p@x",
      "http:///x",
      "http://x y",
      "http://x/\n",
    ],
  },
  pattern: {
    right: "x",
    wrong: ["", "(", "*", "[", "\\", "a{2,1}", "[b-a]", "(?<=a", "(?<n>a)(?<n>b)"],
  },
};

/** One value that the type takes. */
export function inside(type: OptionType): unknown {
  switch (type.kind) {
    case "bool":
      return true;
    case "int":
    case "number":
      return Math.ceil(limitsOf(type).lowest);
    case "str":
      return rightText(type);
    case "enum":
      return type.values[0];
    case "nullOr":
      return null;
    case "listOf":
      return type.atLeast === undefined ? [] : [inside(type.of)];
    case "attrsOf":
    case "entries":
      return {};
    case "submodule":
      return Object.fromEntries(
        Object.entries(type.options)
          .filter(([, option]) => !option.hasDefault)
          .map(([key, option]) => [key, inside(option)]),
      );
    case "either":
      return Math.ceil(limitsOf(type).lowest);
    case "path":
    case "package":
    case "anything":
    case "raw":
      throw new Error(`a setting of the type ${type.description} needs a value here`);
  }
}

/** Values that Nix or check-config refuses, each for one reason. */
export function outside(type: OptionType): unknown[] {
  if (type.kind === "nullOr") return outside(type.of).filter((value) => value !== null);
  return [null, ...outsideOf(type)];
}

function outsideOf(type: OptionType): unknown[] {
  switch (type.kind) {
    case "bool":
      return ["true", 1];
    case "int":
      return ["1", limitsOf(type).lowest + 0.5, ...beyond(type, 1)];
    case "number":
      return ["1", ...beyond(type, 0.01)];
    case "str":
      return [1, ["x"], ...textsOf(type).wrong];
    case "enum":
      return [`${String(type.values[0])}x`, 1];
    case "listOf":
      return [
        {},
        inside(type.of),
        ...(type.atLeast === 1 ? [[]] : []),
        ...(type.name === "command" ? [[""]] : []),
        ...outside(type.of).map((value) => [value]),
      ];
    case "entries":
      return ["x", ...outside(type.of).map((value) => ({ key: value }))];
    case "attrsOf":
      return [[], ...outside(type.of).map((value) => ({ key: value }))];
    case "submodule":
      return entriesOutside(type);
    case "either":
      return [true, "", "soon", "1 fortnight", "-1s", "400d", ...beyond(type, 0.01)];
    case "nullOr":
    case "path":
    case "package":
    case "anything":
    case "raw":
      return [];
  }
}

function entriesOutside(type: OptionType & { kind: "submodule" }): unknown[] {
  const right = Object.entries(Object(inside(type)));
  const without = right.map(([key]) =>
    Object.fromEntries(right.filter(([other]) => other !== key)),
  );
  const changed = Object.entries(type.options).flatMap(([key, option]) =>
    outside(option).map((value) => ({
      ...Object.fromEntries(right),
      ...tagFor(key, type),
      [key]: value,
    })),
  );
  return [1, [], { ...Object.fromEntries(right), noSuchKey: 1 }, ...without, ...changed];
}

/** The kind of an entry that may have a key: another kind would be refused for having it at all. */
function tagFor(key: string, { options }: OptionType & { kind: "submodule" }): object {
  const tag = TAGS.find((name) => name in options) ?? "";
  const kinds = options[tag]?.kind === "enum" ? options[tag].values.map(String) : [];
  const kind = kinds.find((name) => KEYS_OF_KIND[name]?.includes(key) === true);
  return kind === undefined ? {} : { [tag]: kind };
}

type Bounded = OptionType & { kind: "int" | "number" | "either" };

function beyond(type: Bounded, step: number): number[] {
  const { lowest, highest } = limitsOf(type);
  // Nix writes six digits of a fraction.
  return [lowest - step, highest + 1];
}

/** What check-config takes of a number. */
export function limitsOf({ name, description }: Bounded): {
  lowest: number;
  highest: number;
} {
  const limits = LIMITS[name];
  if (limits === undefined) {
    throw new Error(`a setting of the type ${name}, ${description}, needs limits here`);
  }
  return limits;
}

/** A text that the type takes. */
export function rightText(type: OptionType & { kind: "str" }): string {
  return textsOf(type).right;
}

function textsOf({ name, pattern, description }: OptionType & { kind: "str" }): {
  right: string;
  wrong: readonly string[];
} {
  const texts = pattern === undefined ? TEXTS[name] : undefined;
  if (texts === undefined)
    throw new Error(`a setting of the type ${name}, ${description}, needs texts here`);
  return texts;
}
