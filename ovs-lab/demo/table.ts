/** How a table's columns stand. */
export type Alignment = "left" | "right";

const GAP = "  ";

/**
 * A table in plain text, its columns as wide as they need. A row that is a string is a heading over the rows below it.
 * @returns the lines, the header first
 */
export function renderTable(
  header: readonly string[],
  alignments: readonly Alignment[],
  rows: readonly (readonly string[] | string)[],
): string[] {
  const cells = rows.filter((row) => typeof row !== "string");
  const widths = header.map((title, column) =>
    Math.max(...[header, ...cells].map((row) => [...(row[column] ?? title)].length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const space = " ".repeat(widths[column]! - [...cell].length);
        return alignments[column] === "right" ? space + cell : cell + space;
      })
      .join(GAP)
      .trimEnd();
  return [header, ...rows].map((row) => (typeof row === "string" ? row : line(row)));
}
