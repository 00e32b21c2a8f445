/** A chart of throughput over time, as an SVG of its own: it needs no other file, and follows a dark viewer. */

/** One line of the chart. */
export interface ChartLine {
  readonly label: string;
  readonly points: readonly { readonly seconds: number; readonly rate: number }[];
  /** One of {@link chartColours}. */
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly lines: readonly ChartLine[];
  /** The link's, in bits per second; drawn across. */
  readonly limit?: number | undefined;
}

/** Told apart by eyes that see less colour as well (after Okabe and Ito), and readable on black and on white. */
export const chartColours = { cubic: "#d1605e", bbr: "#3f8fd2", optimized: "#12a06f" } as const;

const WIDTH = 880;
const HEADER = 62;
const LEGEND_ROW = 20;
const PLOT = { left: 62, width: 790, height: 300 } as const;
const FOOTER = 50;
/** Room above the highest point. */
const HEADROOM = 1.06;

export function renderChart({ title, subtitle, lines, limit }: Chart): string {
  const seconds = axis(
    Math.max(1, ...lines.flatMap(({ points }) => points.map((point) => point.seconds))),
    8,
  );
  const highest = Math.max(
    1e6,
    limit ?? 0,
    ...lines.flatMap(({ points }) => points.map((point) => point.rate)),
  );
  const rates = axis((highest * HEADROOM) / 1e6, 5);
  const top = HEADER + lines.length * LEGEND_ROW + 20;
  const bottom = top + PLOT.height;
  const x = (at: number) => round(PLOT.left + (at / seconds.end) * PLOT.width);
  const y = (megabits: number) => round(bottom - (megabits / rates.end) * PLOT.height);

  const body = [
    `<rect class="paper" width="${WIDTH}" height="${bottom + FOOTER}"/>`,
    text(PLOT.left, 28, title, "title"),
    text(PLOT.left, 48, subtitle, "quiet"),
    ...lines.flatMap((line, row) => legend(line, HEADER + row * LEGEND_ROW + 8)),
    ...rates.ticks.flatMap((tick) => [
      `<path class="grid" d="M${PLOT.left} ${y(tick)}h${PLOT.width}"/>`,
      text(PLOT.left - 8, y(tick) + 4, `${tick}`, "quiet end"),
    ]),
    ...seconds.ticks.flatMap((tick) => [
      `<path class="axis" d="M${x(tick)} ${bottom}v5"/>`,
      text(x(tick), bottom + 20, `${tick}`, "quiet middle"),
    ]),
    `<path class="axis" d="M${PLOT.left} ${bottom}h${PLOT.width}"/>`,
    text(PLOT.left + PLOT.width, bottom + 40, "seconds since the connection was opened", "quiet end"),
    text(PLOT.left - 8, top - 10, "Mbit/s", "quiet end"),
    ...lines.map((line) => curve(line, x, y)),
    ...(limit === undefined ? [] : limitLine(y(limit / 1e6))),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + FOOTER}" role="img" aria-labelledby="title">
<title id="title">${escapeXml(`${title}. ${lines.map((line) => line.label).join("; ")}`)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 17px; font-weight: 600 }
.quiet { fill: #59636e }
.end { text-anchor: end }
.middle { text-anchor: middle }
.paper { fill: #ffffff }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round }
.grid { stroke: #d1d9e0 }
.axis { stroke: #818b98 }
.limit { stroke: #818b98; stroke-dasharray: 2 4 }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.quiet { fill: #9198a1 }
.paper { fill: #0d1117 }
.halo { stroke: #0d1117 }
.grid { stroke: #2a313c }
}
</style>
${body.join("\n")}
</svg>
`;
}

function legend({ label, colour, dashed }: ChartLine, y: number): string[] {
  return [
    `<path class="curve" stroke="${colour}"${dash(dashed)} d="M${PLOT.left} ${y}h28"/>`,
    text(PLOT.left + 36, y + 4, label, ""),
  ];
}

function limitLine(y: number): string[] {
  return [
    `<path class="limit" d="M${PLOT.left} ${y}h${PLOT.width}"/>`,
    text(PLOT.left + PLOT.width, y - 5, "the link", "quiet end halo"),
  ];
}

function curve(
  { points, colour, dashed }: ChartLine,
  x: (at: number) => number,
  y: (megabits: number) => number,
): string {
  const course = points.map(({ seconds, rate }) => `${x(seconds)} ${y(rate / 1e6)}`);
  return `<path class="curve" stroke="${colour}"${dash(dashed)} d="M${x(0)} ${y(0)}${course.map((point) => `L${point}`).join("")}"/>`;
}

function dash(dashed = false): string {
  return dashed ? ' stroke-dasharray="7 4"' : "";
}

function text(x: number, y: number, words: string, classes: string): string {
  return `<text x="${x}" y="${y}"${classes === "" ? "" : ` class="${classes}"`}>${escapeXml(words)}</text>`;
}

/** Ticks at 1, 2 or 5 times a power of ten, at most about `count` of them, from 0 to `end`. */
export function axis(
  end: number,
  count: number,
): { readonly end: number; readonly ticks: readonly number[] } {
  const power = 10 ** Math.floor(Math.log10(end / count));
  const step = [1, 2, 5].map((factor) => factor * power).find((step) => end / step <= count) ?? 10 * power;
  // Powers below 1 are not exact; a tick's label is to be.
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  );
  return { end, ticks };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escapeXml(words: string): string {
  return words
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
