import assert from "node:assert/strict";
import { nixTest } from "./pkgs/nix-test.ts";
import { withEvaluator } from "./view.ts";

/** Modules, and the configuration that they make: what nixpkgs' module system would. */
const accepted: [string, string, unknown][] = [
  ["a default", `{ options.a = option types.int { default = 1; }; }`, { a: 1 }],
  ["a definition over a default", `(int "a") { a = 2; }`, { a: 2 }],
  ["mkDefault below a definition", `(int "a") { a = 2; } { a = lib.mkDefault 3; }`, { a: 2 }],
  ["mkDefault over a default", `(int "a") { a = lib.mkDefault 3; }`, { a: 3 }],
  ["mkForce over a definition", `(int "a") { a = 2; } { a = lib.mkForce 3; }`, { a: 3 }],
  [
    "mkOverride by its number",
    `(int "a") { a = lib.mkOverride 20 4; } { a = lib.mkForce 3; }`,
    { a: 4 },
  ],
  ["mkIf that holds", `(int "a") { a = lib.mkIf true 2; }`, { a: 2 }],
  ["mkIf that does not", `(int "a") { a = lib.mkIf false 2; }`, { a: 1 }],
  ["mkIf around a module", `(int "a") { config = lib.mkIf false { a = 2; }; }`, { a: 1 }],
  [
    "mkIf false hides what cannot be evaluated",
    `(int "a") { a = lib.mkIf false (throw "no"); }`,
    { a: 1 },
  ],
  ["mkMerge", `(list "a") { a = lib.mkMerge [ [ 1 ] (lib.mkIf true [ 2 ]) ]; }`, { a: [1, 2] }],
  [
    "mkForce around a set",
    `(int "a.b") { a.b = 2; } { a = lib.mkForce { b = 3; }; }`,
    { a: { b: 3 } },
  ],
  [
    "lists of several modules are joined, the last one's first",
    `(list "a") { a = [ 1 ]; } { a = [ 2 ]; }`,
    { a: [2, 1] },
  ],
  ["equal values of several modules", `(int "a") { a = 2; } { a = 2; }`, { a: 2 }],
  [
    "a default that is not needed is not evaluated",
    `{ options.a = option types.int { default = throw "no"; }; } { a = 2; }`,
    { a: 2 },
  ],
  [
    "config refers to config",
    `(int "a") (int "b") ({ config, ... }: { a = config.b + 1; b = 4; })`,
    { a: 5, b: 4 },
  ],
  ["imports", `{ imports = [ (int "a") { imports = [ { a = 7; } ]; } ]; }`, { a: 7 }],
  ["apply", `{ options.a = option types.int { default = 1; apply = toString; }; }`, { a: "1" }],
  [
    "apply in another declaration, and what was said before it",
    `(int "a") { options.a = lib.mkOption { apply = toString; }; } (int "b") ({ options, ... }: { a = 7; b = lib.head options.a.definitions; })`,
    { a: "7", b: 7 },
  ],
  [
    "two declarations of a list of submodules",
    `{ options.a = option (types.listOf (types.submodule { options.x = option types.int { default = 1; }; })) { }; }
     { options.a = option (types.listOf (types.submodule { config.x = lib.mkOverride 1200 2; })) { }; } { a = [ { } { x = 3; } ]; }`,
    { a: [{ x: 2 }, { x: 3 }] },
  ],
  ["null", `{ options.a = option (types.nullOr types.int) { default = null; }; }`, { a: null }],
  [
    "not null",
    `{ options.a = option (types.nullOr types.int) { default = null; }; } { a = 3; }`,
    { a: 3 },
  ],
  [
    "submodules with their names, merged key by key",
    `{ options.a = option (types.attrsOf (types.submodule ({ name, ... }: { options.x = option types.str { default = name; }; options.y = option types.int { default = 0; }; }))) { }; }
     { a.one = { }; a.two.x = "2"; } { a.two.y = 5; }`,
    { a: { one: { x: "one", y: 0 }, two: { x: "2", y: 5 } } },
  ],
  [
    "a list of submodules",
    `{ options.a = option (types.listOf (types.submodule { options.x = option types.int { default = 1; }; })) { }; } { a = [ { } { x = 2; } ]; }`,
    { a: [{ x: 1 }, { x: 2 }] },
  ],
  [
    "a free-form submodule keeps what no option declares",
    `{ options.a = option (types.submodule { freeformType = types.attrsOf types.anything; options.x = option types.int { default = 1; }; }) { }; } { a.y.z = 2; }`,
    { a: { x: 1, y: { z: 2 } } },
  ],
  [
    "either",
    `{ options.a = option (types.either types.int (types.listOf types.int)) { }; } { a = [ 1 ]; }`,
    { a: [1] },
  ],
  [
    "anything, merged",
    `{ options.a = option types.anything { }; } { a.x = 1; } { a.y.z = 2; }`,
    { a: { x: 1, y: { z: 2 } } },
  ],
];
for (const [what, modules, expected] of accepted) {
  nixTest(`evaluator: ${what}`, async (nix) => {
    assert.deepEqual(await nix.evaluate(evaluation(modules)), expected);
  });
}

const refused: [string, string, RegExp][] = [
  [
    "a wrong type",
    `(int "a.b") { a.b = "x"; }`,
    /definition for option `a\.b' is not of type `signed integer'.*"x"/s,
  ],
  [
    "two values of one priority",
    `(int "a") { a = 2; } { a = 3; }`,
    /`a' has conflicting definition values/,
  ],
  ["an unknown option", `(int "a.b") { a.c = 1; }`, /The option `a\.c' does not exist/],
  [
    "an unknown option of a submodule",
    `{ options.a = option (types.submodule { options.x = option types.int { }; }) { }; } { a = { x = 1; y = 2; }; }`,
    /The option `a\.y' does not exist/,
  ],
  [
    "an option without a value",
    `{ options.a = option types.int { }; }`,
    /`a' was accessed but has no value defined/,
  ],
  [
    "a required option of a list's submodule",
    `{ options.a = option (types.listOf (types.submodule { options.x = option types.int { }; })) { }; } { a = [ { } ]; }`,
    /`a\."\[definition 1-entry 1\]"\.x' was accessed but has no value defined/,
  ],
  [
    "setting a read-only option",
    `{ options.a = option types.int { readOnly = true; default = 1; }; } { a = 2; }`,
    /`a' is read-only/,
  ],
  [
    "two declarations with apply",
    `{ options.a = lib.mkOption { apply = x: x; }; } { options.a = lib.mkOption { apply = x: x; }; }`,
    /`a' .* is already declared/,
  ],
  ["two declarations", `(int "a") (int "a")`, /`a' .* is already declared/],
  [
    "null and not null",
    `{ options.a = option (types.nullOr types.int) { }; } { a = null; } { a = 1; }`,
    /`a.* is defined both null and not null/,
  ],
  ["stray keys beside options", `{ options = { }; a = 1; }`, /unsupported attribute `a'/],
  [
    "mkIf with no boolean",
    `(int "a") { a = lib.mkIf "yes" 1; }`,
    /‘mkIf’ called with a non-Boolean condition/,
  ],
];
for (const [what, modules, message] of refused) {
  nixTest(`evaluator: refuses ${what}`, async (nix) => {
    assert.match(await nix.refusal(evaluation(modules)), message);
  });
}

/** A type, values of it, and values that are not. */
const types: [string, string, string][] = [
  ["bool", "true false", '"true" 1 null'],
  ["str", '"" "x"', "1 null [ ] ./."],
  ["nonEmptyStr", '"x"', '"" " " 1'],
  ["path", '"/x" /x', '"x" 1'],
  ["int", "1 (-1)", '1.5 "1" null'],
  ["ints.positive", "1", "0 (-1) 1.0"],
  ["ints.unsigned", "0", "(-1)"],
  ["ints.between 2 4", "2 4", "1 5"],
  ["port", "0 65535", "65536 (-1)"],
  ["numbers.between 0.5 2", "0.5 1 2", '0.4 2.1 "1"'],
  ["numbers.positive", "0.1 1 2.5", '0 (-1) "1"'],
  ['enum [ "a" 1 ]', '"a" 1', '"b" 2 null'],
  ['strMatching "[a-c]+"', '"abc"', '"abcd" "" 1'],
  ["listOf types.int", "[ ] [ 1 ]", '1 [ "x" ] [ [ ] ]'],
  ["nonEmptyListOf types.int", "[ 1 ]", "[ ]"],
  ["attrsOf types.int", "{ } { a = 1; }", '1 { a = "x"; } [ ]'],
  ["nullOr types.int", "null 1", '"x"'],
  ["oneOf [ types.int types.bool types.str ]", '1 true "x"', "null [ ]"],
  ["package", '(pkgs.program "x")', '"x" 1'],
  ["submodule { }", "{ }", "1 [ ]"],
  ["addCheck types.int (x: x > 5)", "6", '5 "6"'],
  ["raw", "1 { } (x: x)", ""],
];
for (const [type, values, others] of types) {
  nixTest(`evaluator: types.${type} takes what it is, and nothing else`, async (nix) => {
    const [taken, refusals] = [
      await nix.evaluate(takes(type, values)),
      await nix.evaluate(takes(type, others)),
    ];
    assert.ok(
      Array.isArray(taken) && taken.length > 0 && taken.every((is) => is === true),
      String(taken),
    );
    assert.ok(Array.isArray(refusals) && refusals.every((is) => is === false), String(refusals));
  });
}

nixTest("evaluator: unit names are escaped as systemd-escape does", async (nix) => {
  const escape = `map (import ${import.meta.dirname}/evaluator/escape-systemd-path.nix lib)`;
  const names = `[ "default" "my-host" "a/b c@d" ".hidden" "x.y_z:1" "a\\\\b" ]`;
  assert.deepEqual(await nix.evaluate(withEvaluator(`${escape} ${names}`)), [
    "default",
    "my\\x2dhost",
    "a-b\\x20c\\x40d",
    "\\x2ehidden",
    "x.y_z:1",
    "a\\x5cb",
  ]);
});

/** For each value of a list whether an option of the type takes it. */
function takes(type: string, list: string): string {
  return scope(`map (value: (builtins.tryEval (builtins.deepSeq (lib.evalModules {
    modules = [ { options.a = option (types.${type}) { }; } { a = value; } ];
  }).config true)).success) [ ${list} ]`);
}

function evaluation(modules: string): string {
  return scope(`(lib.evalModules { modules = [ ${modules} ]; }).config`);
}

function scope(expression: string): string {
  return withEvaluator(`let
    inherit (lib) types;
    option = type: more: lib.mkOption ({ inherit type; } // more);
    at = path: lib.setAttrByPath (lib.splitString "." path);
    int = path: { options = at path (option types.int { default = 1; }); };
    list = path: { options = at path (option (types.listOf types.int) { default = [ ]; }); };
  in ${expression}`);
}
