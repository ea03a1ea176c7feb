import fc from "../support/fast-check.ts";
import type { OptionType } from "./option-types.ts";
import { KEYS_OF_KIND, limitsOf, rightText, TAGS } from "./outside-values.ts";

const KEYS_OF_SOME_KINDS = Object.values(KEYS_OF_KIND).flat();

/** Nix knows no NUL. */
const anyText = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "0"));
const made = (characters: string, most: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...characters.split("")), { maxLength: most })
    .map((found) => found.join(""));

const webAddresses = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.domain().map((host) => `https://${host}/topic`),
  fc.ipV4Extended().map((address) => `http://${address}`),
  fc.ipV6().map((address) => `https://[${address}]:8080/health`),
  made("ab0x1.:[]@%-_/?#& \\", 14).map((rest) => `http://${rest}`),
  fc
    .tuple(fc.domain(), fc.integer({ min: 0, max: 99_999 }))
    .map(([host, port]) => `http://${host}:${port}`),
);

/** Texts around the edge of the types that have a check of their own, right and wrong ones. */
const NEAR: Readonly<Record<string, fc.Arbitrary<string>>> = {
  absolutePath: fc.oneof(
    anyText,
    anyText.map((text) => `/${text}`),
  ),
  secretFile: fc.oneof(
    anyText.map((text) => `/${text}`),
    made("ab./", 8).map((rest) => `/${rest}nix/store/x`),
    fc.constantFrom("/run/secrets/x", "/nix/store/x", "x"),
  ),
  hookName: made("aZ9._-/ ", 4),
  receiverName: made("a9-A", 3),
  repositoryName: made("a9_.-/: ", 5),
  linkAddress: fc.oneof(
    anyText,
    anyText.map((text) => `https://${text}`),
  ),
  roomId: made("!a:", 3),
  metricsFile: fc.oneof(
    anyText.map((text) => `/var/${text}.prom`),
    fc.constantFrom("/x", "x.prom"),
  ),
  calendarExpression: fc.oneof(anyText, fc.constantFrom("Sat 02:00", "daily", "\n", " ")),
  plainLine: fc.oneof(anyText, made("aZ ~!\n\t", 5)),
  holderName: fc.oneof(made("aZ9.-_: /", 4), fc.constant("web1")),
  groupName: fc.oneof(made("aZ9.-_ ", 4), fc.constant("default")),
  keyPrefix: fc.oneof(made("a/", 3), anyText),
  componentName: fc.oneof(anyText, fc.constantFrom("kernel", "kernel-modules", ".", "..", "a/b")),
  unitName: fc.oneof(
    fc.constantFrom("nginx.service", "a\\x2db@c.timer"),
    made("aZ_9:.\\@-% ", 6),
    made("aZ_9:.\\@-", 6).map((name) => `a${name}.service`),
  ),
  unitGlob: fc.oneof(made("a9*?-.@\\[", 6), anyText),
  webAddress: webAddresses,
  webAddressWithUser: webAddresses,
  serverAddress: webAddresses,
  pattern: fc.oneof(
    made("ab9^$.|*+?()[]{},\\-dwbkux:=!<", 9),
    made("ab-]^[\\9", 6).map((inner) => `[${inner}]`),
    fc.tuple(fc.nat(30), fc.nat(30)).map(([from, to]) => `a{${from},${to}}`),
    fc.constantFrom("^runner-.+-\\d+", "(?:a|b)*?c", "[\\w.-]+$"),
  ),
};

/** Values of a type, and some beside it: Nix says which are which. */
export function valuesNear(type: OptionType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "int":
      return fc.integer(range(type));
    case "number":
      return fc.oneof(fc.integer(range(type)), fc.double({ ...limits(type), noNaN: true }));
    case "str":
      return textsNear(type);
    case "enum":
      return fc.constantFrom(...type.values);
    case "nullOr":
      return fc.oneof(fc.constant(null), valuesNear(type.of));
    case "listOf":
      return fc.oneof(
        fc.tuple(valuesNear(type.of)),
        fc.array(valuesNear(type.of), { maxLength: 3 }),
      );
    case "submodule":
      return entriesNear(type);
    case "entries":
      return fc.oneof(
        fc.array(valuesNear(type.of), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), valuesNear(type.of), {
          minKeys: 1,
          maxKeys: 3,
          noNullPrototype: true,
        }),
      );
    case "attrsOf":
      return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), valuesNear(type.of), { maxKeys: 3 });
    case "either":
      return spansNear(type);
    case "path":
    case "package":
    case "anything":
    case "raw":
      throw new Error(`a setting of the type ${type.description} needs a generator here`);
  }
}

/** Numbers, and texts as systemd takes them. */
function spansNear(type: OptionType & { kind: "either" }): fc.Arbitrary<unknown> {
  const { lowest, highest } = limitsOf(type);
  const unit = fc.constantFrom("", "s", " sec", "min", "h", " days", "ms", "w", "x");
  return fc.oneof(
    fc.integer({ min: Math.ceil(lowest), max: highest }),
    fc.tuple(fc.integer({ min: 1, max: 60 }), unit).map((words) => words.join("")),
    fc.constantFrom("1h 30min", "2 min 5s"),
  );
}

/** Mostly right ones: a value of many keys is right only if each of them is. */
function textsNear(type: OptionType & { kind: "str" }): fc.Arbitrary<string> {
  if (type.pattern !== undefined) return fc.stringMatching(new RegExp(`^(${type.pattern})$`));
  const near = NEAR[type.name] ?? anyText;
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(rightText(type)) },
    { weight: 2, arbitrary: near },
  );
}

/** Mostly with the keys that go together and no others, or nearly all would be refused. */
function entriesNear({ options }: OptionType & { kind: "submodule" }): fc.Arbitrary<unknown> {
  const fits = keysThatFit(options).map(({ fixed, own, none }) => {
    const fitting = Object.entries(options).filter(([key]) => !none.includes(key));
    return fc.record({ ...arbitraries(Object.fromEntries(fitting), own), ...fixed }, RECORD);
  });
  const any = fc.record(arbitraries(options), { requiredKeys: required(options), ...RECORD });
  return fc.oneof(...fits.map((arbitrary) => ({ arbitrary, weight: 4 })), {
    arbitrary: any,
    weight: 1,
  });
}

const RECORD = { noNullPrototype: true } as const;

interface Fit {
  /** Keys with the values that they then have. */
  readonly fixed: Record<string, fc.Arbitrary<unknown>>;
  /** Keys that are then there and not null. */
  readonly own: readonly string[];
  /** Keys that are then not there. */
  readonly none: readonly string[];
}

function keysThatFit(options: Readonly<Record<string, OptionType>>): Fit[] {
  const { preset, detect } = options;
  const tag = TAGS.find((key) => key in options) ?? "";
  const tagged = options[tag];
  if (tagged?.kind === "enum") {
    return tagged.values.map((value) => {
      const own = KEYS_OF_KIND[String(value)] ?? [];
      const none = KEYS_OF_SOME_KINDS.filter((key) => !own.includes(key));
      return { fixed: { [tag]: fc.constant(value) }, own, none };
    });
  }
  if (preset === undefined || detect === undefined) return [{ fixed: {}, own: [], none: [] }];
  return [
    { fixed: {}, own: ["preset"], none: ["detect"] },
    { fixed: {}, own: ["detect"], none: ["preset"] },
  ];
}

/** @param filled keys that are not to be null */
function arbitraries(
  options: Readonly<Record<string, OptionType>>,
  filled: readonly string[] = [],
): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([key, type]) => [
      key,
      valuesNear(filled.includes(key) && type.kind === "nullOr" ? type.of : type),
    ]),
  );
}

function required(options: Readonly<Record<string, { hasDefault: boolean }>>): string[] {
  return Object.keys(options).filter((key) => options[key]?.hasDefault === false);
}

function limits(type: OptionType & { kind: "int" | "number" }): { min: number; max: number } {
  const { lowest, highest } = limitsOf(type);
  return { min: lowest, max: highest };
}

function range(type: OptionType & { kind: "int" | "number" }): { min: number; max: number } {
  const { min, max } = limits(type);
  return { min: Math.ceil(min), max: Math.floor(max) };
}
