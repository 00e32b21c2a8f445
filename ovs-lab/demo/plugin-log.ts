import { existsSync, readFileSync } from "node:fs";
import type { SiteStatus } from "../status.js";

const LEVELS = ["warn", "error", "fatal"];
const MOST_LINES = 3;

/** The last that the sites' plugins complained of in their logs, as lines; none is a good sign. */
export function complaints(sites: readonly Pick<SiteStatus, "name" | "plugin">[]): string[] {
  return sites.flatMap(({ name, plugin: { log } }) => {
    const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
    return lines
      .flatMap((line) => complaint(line) ?? [])
      .slice(-MOST_LINES)
      .map((words) => `plugin ${name}: ${words}`);
  });
}

/** Undefined for a line that is no complaint. A line that is no JSON is one: the runtime's own last words. */
function complaint(line: string): string | undefined {
  if (line.trim() === "") return undefined;
  try {
    const { level, msg, reason } = JSON.parse(line) as { level: string; msg: string; reason?: string };
    if (!LEVELS.includes(level)) return undefined;
    return reason === undefined ? msg : `${msg} (${reason})`;
  } catch {
    return line.trim();
  }
}
