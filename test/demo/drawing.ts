/** A terminal window as an SVG of plain text: no script, no font or image from elsewhere. */

export type Caption = {
  /** In the window's bar. */
  title: string;
  /** For those who do not see it. */
  description: string;
};

type Paint = "plain" | "bold" | "dim" | "green";
type Span = { paint: Paint; text: string };

/** What the demo writes. */
const paints: Readonly<Record<string, Paint>> = { 0: "plain", 1: "bold", 2: "dim", 32: "green" };

const columns = 80;
const fontSize = 13;
/** A monospaced character is this wide in most fonts, a little less in some. */
const characterWidth = fontSize * 0.602;
const lineHeight = 17;
const margin = 16;
const bar = 32;

// Light on dark, with a rim: so it stands out from a white page, and from a black one.
const style = `
  text { font: ${fontSize}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3 }
  .bold { font-weight: bold }
  .dim { fill: #9aa4af }
  .green { fill: #56d364; font-weight: bold }
`;

/**
 * Draws what a program wrote on a terminal.
 *
 * @throws Error at a colour, or another escape, that it does not know
 */
export function drawTerminal(output: string, { title, description }: Caption): string {
  const lines = output.trimEnd().split("\n");
  const width = Math.ceil(columns * characterWidth) + 2 * margin;
  const height = bar + lines.length * lineHeight + margin;
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
    (fill, index) => `<circle cx="${margin + 4 + index * 18}" cy="16" r="5" fill="${fill}"/>`,
  );
  const drawn = lines.flatMap((line, index) => drawLine(line, bar + (index + 1) * lineHeight - 4));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description" xml:space="preserve">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(description)}</desc>
<style>${style}</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="#161b22" stroke="#6e7681"/>
${dots.join("")}
<text x="${width / 2}" y="20" text-anchor="middle" class="dim">${escape(title)}</text>
${drawn.join("\n")}
</svg>
`;
}

/** The lines of such a drawing, without colours, and without empty ones. */
export function textOf(svg: string): string[] {
  return [...svg.matchAll(/^<text x="16" .*?>(.*)<\/text>$/gm)].map(([, inner = ""]) =>
    unescape(inner.replaceAll(/<[^>]*>/g, "")),
  );
}

function drawLine(line: string, y: number): string[] {
  const spans = spansOf(line).map(({ paint, text }) =>
    paint === "plain" ? escape(text) : `<tspan class="${paint}">${escape(text)}</tspan>`,
  );
  return spans.length === 0 ? [] : [`<text x="${margin}" y="${y}">${spans.join("")}</text>`];
}

function spansOf(line: string): Span[] {
  let paint: Paint = "plain";
  const spans: Span[] = [];
  // At odd places of the parts are the escapes, for they are captured.
  // oxlint-disable-next-line no-control-regex -- the escape is what is looked for
  for (const [index, text] of line.split(/\x1b(\[[\d;]*m|.?)/).entries()) {
    if (index % 2 === 1) paint = paintOf(text);
    else if (text !== "") spans.push({ paint, text });
  }
  return spans;
}

function paintOf(escaped: string): Paint {
  const paint = paints[/^\[(\d+)m$/.exec(escaped)?.[1] ?? ""];
  if (paint === undefined) throw new Error(`cannot draw the escape ${JSON.stringify(escaped)}`);
  return paint;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
