import assert from "node:assert/strict";
import fc from "../support/fast-check.ts";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { readConfig, type ReadConfig } from "../../src/core/config/parse-config.ts";
import { secondsIn } from "../../src/core/span.ts";
import { Folder } from "../support/folder.ts";
import { SEED } from "../support/seed.ts";
import { OPTION_PREFIX } from "./check-config.ts";
import { OPTIONS, optionsSchema, settingsOf, type Option } from "./option-types.ts";
import { valuesNear } from "./option-values.ts";
import { inside, outside } from "./outside-values.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import type { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, hostView, viewSchema, withEvaluator } from "./view.ts";

/** How many random configurations; all of them are evaluated by one Nix. */
const RUNS_OF_EACH_SETTING = 15;
/** Of one with kinds: each has to be found, which holds for the seed below. */
const RUNS_WITH_KINDS = 500;
const SEED_WITH_KINDS = 1;
const RUNS_OF_SEVERAL = 150;

nixTest(
  "options: every setting of the program is an option, with the same default",
  async (nix) => {
    const { values } = v.parse(viewSchema, await nix.evaluate(hostView(enabled(""))));
    const settings = settingsOf(await optionsOf(nix));
    assert.deepEqual(
      Object.fromEntries(
        settings.map(({ path, type }) => [
          path.join("."),
          type.kind === "entries" ? Object.values(Object(at(values, path))) : at(values, path),
        ]),
      ),
      Object.fromEntries(leaves(DEFAULT_CONFIG)),
      "an option for each setting: nix/module/, one file a group",
    );
  },
);

nixTest(
  "options: the program reads as it was meant what Nix and check-config accept",
  async (nix) => {
    const settings = settingsOf(await optionsOf(nix));
    const cases = [
      ...settings.flatMap((one) => fc.sample(assignment(one), { numRuns: RUNS_OF_EACH_SETTING })),
      ...settings
        .filter(hasKinds)
        .flatMap((one) =>
          fc.sample(assignment(one), { numRuns: RUNS_WITH_KINDS, seed: SEED_WITH_KINDS }),
        ),
      ...fc.sample(configurations(settings), { numRuns: RUNS_OF_SEVERAL }),
    ];
    const judged = await judge(nix, cases);
    const accepted = cases.filter((_, index) => judged[index]?.read?.kind === "config");
    for (const [index, configuration] of cases.entries()) {
      const read = judged[index]?.read ?? null;
      if (read !== null) assertJudged(configuration, read, settings, `seed ${SEED}`);
    }
    // Else it would hold for the reason that nothing is accepted.
    for (const { path, type } of settings) {
      const taken = accepted.map((found) => at(found, path)).filter((value) => value !== undefined);
      assert.ok(taken.length > 0, `no value of ${path.join(".")} was accepted, seed ${SEED}`);
      for (const kind of kindsOf(type)) {
        const isFound = taken.some((value) => JSON.stringify(value).includes(`":"${kind}"`));
        assert.ok(isFound, `no ${path.join(".")} of the kind ${kind} was accepted, seed ${SEED}`);
      }
    }
  },
);

nixTest(
  "options: Nix or check-config refuses values just outside of each type, and Nix takes one inside",
  async (nix) => {
    const settings = settingsOf(await optionsOf(nix));
    const within = settings.flatMap(({ path, type }) =>
      samples(type).map((value) => withNeeded(set(path, value))),
    );
    const beside = settings.flatMap(({ path, type }) =>
      outside(type).map((value) => withNeeded(set(path, value))),
    );
    const [takes, refuses] = [await judge(nix, within), await judge(nix, beside)];
    assert.deepEqual(
      within.filter((_, index) => takes[index]?.type !== "right"),
      [],
      "refused although inside",
    );
    assert.deepEqual(
      beside.filter((_, index) => !isRefused(refuses[index])),
      [],
      "accepted although outside",
    );
  },
);

function hasKinds({ type }: Option): boolean {
  return kindsOf(type).length > 0;
}

function assignment({ path, type }: Option): fc.Arbitrary<object> {
  return valuesNear(type).map((value) => withNeeded(set(path, value)));
}

const ETCD = { lock: { backend: "etcd", endpoints: ["http://etcd1:2379"] } };

/** A fleet is refused without an etcd, whatever else it says. */
function withNeeded(configuration: object): object {
  return "fleet" in configuration ? merge(ETCD, configuration) : configuration;
}

/** Some of the settings, each with some value. */
function configurations(settings: readonly Option[]): fc.Arbitrary<object> {
  return fc
    .uniqueArray(fc.constantFrom(...settings), { minLength: 2, maxLength: 3 })
    .chain((some) => fc.tuple(...some.map(assignment)))
    .map((all) => all.reduce(merge, {}));
}

const evaluatedSchema = v.array(
  v.object({
    /** Whether every value is of its type. */
    type: v.picklist(["right", "wrong"]),
    /** The file's text; null if a type or an assertion refuses. */
    file: v.nullable(v.string()),
  }),
);

interface Judgement {
  readonly type: "right" | "wrong";
  /** What check-config says of the file; null if Nix makes none. */
  readonly read: ReadConfig | null;
}

/** What Nix, in one evaluation, and then check-config say of configurations. */
async function judge(nix: PrivateNix, cases: readonly object[]): Promise<Judgement[]> {
  using folder = new Folder();
  const input = folder.write("cases.json", JSON.stringify(cases));
  const evaluated = await nix.evaluate(
    withEvaluator(`map (
      case:
      let
        host = view [ { services.deployFinalize = case // { enable = true; }; } ];
        tried = builtins.tryEval (builtins.deepSeq host.file (builtins.toJSON host.file));
      in
      if !tried.success then
        { type = "wrong"; file = null; }
      else
        { type = "right"; file = if host.refusals == [ ] then tried.value else null; }
    ) (builtins.fromJSON (builtins.readFile ${input}))`),
  );
  return v.parse(evaluatedSchema, evaluated).map(({ type, file }) => ({
    type,
    read: file === null ? null : readConfig(file, (key) => `${OPTION_PREFIX}.${key}`),
  }));
}

/** What an entry lacks, or has too much, because only one of its keys is looked at. */
const INCOMPLETE = / is missing$|^unknown key|must have either|go together$/;

/** Whether it is refused, and for the value that is wrong. */
function isRefused(judgement: Judgement | undefined): boolean {
  if (judgement === undefined || judgement.read === null) return judgement !== undefined;
  const { read } = judgement;
  return read.kind === "wrong" && read.problems.some(({ message }) => !INCOMPLETE.test(message));
}

/** What was set is in the file, null or not; or every problem names an option that was set. */
function assertJudged(
  configuration: object,
  read: ReadConfig,
  settings: readonly Option[],
  seed: string,
): void {
  const shown = `${JSON.stringify(configuration)}, ${seed}`;
  if (read.kind === "not-json") assert.fail(`${read.why}: ${shown}`);
  if (read.kind === "wrong") {
    const given = settings.filter(({ path }) => at(configuration, path) !== undefined);
    for (const { key, message } of read.problems) {
      const isNamed = given.some(
        ({ name }) => `${key}.`.startsWith(`${name}.`) || `${name}.`.startsWith(`${key}.`),
      );
      assert.ok(isNamed, `${message}: ${shown}`);
    }
    return;
  }
  for (const [path, value] of leaves(listed(configuration, settings))) {
    // What null means for a key that takes none is the program's to say.
    if (value !== null) assertRead(value, readAt(read.config, path.split(".")), shown);
  }
}

/** Named entries are a list in the file, without those that are disabled. */
function listed(configuration: object, settings: readonly Option[]): object {
  return settings.reduce((all, { path, type }) => {
    const value = at(all, path);
    if (type.kind !== "entries" || typeof value !== "object" || value === null) return all;
    const counting = Object.values(value).filter((entry) => at(entry, ["enable"]) !== false);
    return merge(all, set(path, counting));
  }, configuration);
}

/** One window is read as a list of one. */
function readAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((here, key) => {
    const [only, ...others]: unknown[] = Array.isArray(here) ? here : [here];
    return others.length === 0 ? at(only, [key]) : undefined;
  }, config);
}

function assertRead(wanted: unknown, read: unknown, shown: string): void {
  if (Array.isArray(wanted) && wanted.some((item) => typeof item === "object")) {
    assert.equal(Array.isArray(read) && read.length, wanted.length, shown);
  } else if (typeof wanted === "number" && !Number.isInteger(wanted)) {
    // Nix writes six digits.
    assert.ok(Math.abs(Number(read) / wanted - 1) < 1e-5, shown);
  } else if (typeof wanted === "string" && typeof read === "number") {
    assert.equal(read, secondsIn(wanted), shown);
  } else {
    assert.deepEqual(read, wanted, shown);
  }
}

/** The kinds that entries of a setting may be of. */
function kindsOf(type: Option["type"]): string[] {
  if ("of" in type) return kindsOf(type.of);
  if (type.kind !== "submodule") return [];
  const { kind, backend = kind } = type.options;
  const own = backend?.kind === "enum" ? backend.values.map(String) : [];
  return [...own, ...Object.values(type.options).flatMap(kindsOf)];
}

/** A value of the type, and where that is nothing one that is something. */
function samples(type: Option["type"]): unknown[] {
  if (type.kind === "nullOr") return [null, ...samples(type.of)];
  if (type.kind === "listOf") return [inside(type), [inside(type.of)]];
  if (type.kind === "entries") return [inside(type), [inside(type.of)], { x: inside(type.of) }];
  return [inside(type)];
}

function set([key = "", ...rest]: readonly string[], value: unknown): object {
  return { [key]: rest.length === 0 ? value : set(rest, value) };
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((here, key) => (isSet(here) ? here[key] : undefined), value);
}

function merge(left: object, right: object): object {
  const both = { ...left, ...right };
  const shared = Object.entries(left).flatMap(([key, value]) => {
    const other = at(right, [key]);
    return isSet(value) && isSet(other) ? [[key, merge(value, other)] as const] : [];
  });
  return { ...both, ...Object.fromEntries(shared) };
}

/** What is set, by its path. */
function leaves(value: object, prefix = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, unknown][] =>
    isSet(item) ? leaves(item, `${prefix}${key}.`) : [[`${prefix}${key}`, item]],
  );
}

function isSet(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function optionsOf(nix: PrivateNix): Promise<Option[]> {
  return v.parse(optionsSchema, await nix.evaluate(OPTIONS));
}
