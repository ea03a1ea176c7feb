import type { OptionType } from "./option-types.ts";

/** One text that each type with a check of its own takes, and texts that it does not. */
const TEXTS: Readonly<
  Record<string, { readonly right: string; readonly wrong: readonly string[] }>
> = {
  str: { right: "x", wrong: [] },
  nonEmptyStr: { right: "x", wrong: ["", " "] },
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
  receiverName: { right: "x", wrong: ["", "-x", "X", "a.b", "a/b", "x".repeat(41)] },
  repositoryName: { right: "x/y", wrong: ["", "https://x/y", "/x", "x/y/", "x y"] },
  linkAddress: { right: "https://x/{host}", wrong: ["", "x/{host}", "ftp://x"] },
  roomId: { right: "!x:y", wrong: ["", "#x:y"] },
  metricsFile: { right: "/var/x.prom", wrong: ["", "x.prom", "/x.prom", "/var/x.txt"] },
  calendarExpression: { right: "Sat 02:00", wrong: ["", " ", "Sat\n02:00"] },
  plainLine: { right: "Soon.", wrong: ["", " ", "a\nb", "a\tb"] },
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
    ],
  },
  pattern: {
    right: "x",
    wrong: ["", "(", "*", "[", "\\", "a{2,1}", "[b-a]", "(?<=a)b", "(?<n>a)"],
  },
};

/** One value that the type takes. */
export function inside(type: OptionType): unknown {
  switch (type.kind) {
    case "bool":
      return true;
    case "int":
    case "number":
      return Math.ceil(type.lowest ?? 1);
    case "str":
      return rightText(type);
    case "enum":
      return type.values[0];
    case "nullOr":
      return null;
    case "listOf":
      return type.atLeast === undefined ? [] : [inside(type.of)];
    case "attrsOf":
      return {};
    case "submodule":
      return Object.fromEntries(
        Object.entries(type.options)
          .filter(([, option]) => !option.hasDefault)
          .map(([key, option]) => [key, inside(option)]),
      );
    case "path":
    case "package":
    case "anything":
    case "raw":
    case "either":
      throw new Error(`a setting of the type ${type.description} needs a value here`);
  }
}

/** Values that are just not of the type, each for one reason. */
export function outside(type: OptionType): unknown[] {
  if (type.kind === "nullOr") return outside(type.of).filter((value) => value !== null);
  return [null, ...outsideOf(type)];
}

function outsideOf(type: OptionType): unknown[] {
  switch (type.kind) {
    case "bool":
      return ["true", 1];
    case "int":
      return ["1", (type.lowest ?? 0) + 0.5, ...beyond(type, 1)];
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
        ...outside(type.of).map((value) => [value]),
      ];
    case "attrsOf":
      return [[], ...outside(type.of).map((value) => ({ key: value }))];
    case "submodule":
      return entriesOutside(type);
    case "nullOr":
    case "path":
    case "package":
    case "anything":
    case "raw":
    case "either":
      return [];
  }
}

function entriesOutside(type: OptionType & { kind: "submodule" }): unknown[] {
  const right = Object.entries(Object(inside(type)));
  const without = right.map(([key]) =>
    Object.fromEntries(right.filter(([other]) => other !== key)),
  );
  const changed = Object.entries(type.options).flatMap(([key, option]) =>
    outside(option).map((value) => ({ ...Object.fromEntries(right), [key]: value })),
  );
  return [1, [], { ...Object.fromEntries(right), noSuchKey: 1 }, ...without, ...changed];
}

function beyond(
  { lowest, highest }: { lowest?: number; highest?: number },
  step: number,
): number[] {
  return [
    ...(lowest === undefined ? [] : [lowest - step]),
    ...(highest === undefined ? [] : [highest + step]),
  ];
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
