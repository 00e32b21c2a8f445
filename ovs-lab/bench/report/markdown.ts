import type { Table } from "./table.js";

/** @param words how many columns from the left hold words; the others hold figures, and stand right */
export function markdownTable({ header, rows }: Table, words = 2): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [
    line(header),
    `|${header.map((_, index) => (index < words ? "---" : "---:")).join("|")}|`,
    ...rows.map(line),
  ];
}

function escapeCell(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
