import assert from "node:assert/strict";
import { test } from "node:test";
import { stepsOf } from "./readme.ts";

const readme = `# Name

## See
\`\`\`console
# make see
\`\`\`

## Try it
Some text.

\`\`\`console
# make try
it is up
web1# one --two
said

more
web1# three
\`\`\`

\`\`\`nix
{ }
\`\`\`

## Next
`;

test("takes the steps of the section, with what is shown below each", () => {
  assert.deepEqual(stepsOf(readme, "Try it"), [
    { where: "outside", command: "make try", shown: ["it is up"] },
    { where: "inside", command: "one --two", shown: ["said", "", "more"] },
    { where: "inside", command: "three", shown: [] },
  ]);
});

test("says that the section is not there", () => {
  assert.throws(() => stepsOf(readme, "Try"), /no section "Try"/);
});

test("says which block does not begin with a command", () => {
  const odd = readme.replace("# make try\n", "");
  assert.throws(() => stepsOf(odd, "Try it"), /a block for a console begins with "it is up"/);
});
