import assert from "node:assert/strict";
import { test } from "node:test";
import { drawTerminal, textOf } from "./drawing.ts";

const caption = { title: "make <demo>", description: "one & two" };

test("draws each colour as a class, and what has none as plain text", () => {
  const svg = drawTerminal(
    "a \x1b[1mbold\x1b[0m b\n\x1b[2m  dim\x1b[0m \x1b[32mgreen\x1b[0m\n",
    caption,
  );
  assert.match(svg, />a <tspan class="bold">bold<\/tspan> b<\/text>/);
  assert.match(svg, /><tspan class="dim"> {2}dim<\/tspan> <tspan class="green">green<\/tspan><\/t/);
});

test("escapes what XML means something by, in the text and in its caption", () => {
  const text = `a <b> && "c" &lt; 'd'`;
  const svg = drawTerminal(text, caption);
  assert.match(svg, />a &lt;b&gt; &amp;&amp; "c" &amp;lt; 'd'<\/text>/);
  assert.match(svg, /<title [^>]*>make &lt;demo&gt;<\/title>\n<desc [^>]*>one &amp; two<\/desc>/);
  assert.deepEqual(textOf(svg), [text]);
});

test("its text is what was drawn, line by line, but for empty lines, the bar and colours", () => {
  const svg = drawTerminal("  one\n\n\x1b[2mt\x1b[0mwo \n", caption);
  assert.deepEqual(textOf(svg), ["  one", "two"]);
});

function height(lines: number): number {
  const svg = drawTerminal("x\n".repeat(lines), caption);
  return Number(/ height="(\d+)"/.exec(svg)?.[1]);
}

test("is as high as its lines are many", () => {
  assert.equal(height(12) - height(2), 10 * (height(2) - height(1)));
  assert.ok(height(2) > height(1));
});

for (const [name, line] of [
  ["a colour", "\x1b[35mx"],
  ["a colour of two numbers", "\x1b[1;32mx"],
  ["a movement", "\x1b[2Kx"],
  ["an escape that is cut off", "x\x1b"],
] as const) {
  test(`refuses ${name} that it does not know, instead of drawing it wrong`, () => {
    assert.throws(() => drawTerminal(line, caption), /cannot draw the escape/);
  });
}

test("asks for nothing from elsewhere, and runs nothing", () => {
  const svg = drawTerminal("x", caption).replace('xmlns="http://www.w3.org/2000/svg"', "");
  assert.doesNotMatch(svg, /https?:|href|url\(|@import|<script|\son\w+=/);
});
