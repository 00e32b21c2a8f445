import { hasCommand } from "./commands.js";
import { checkDatamodelRow, isDatamodelRow } from "./row.js";

/** What has come of a row, and why. */
export interface DatamodelVerdict {
  readonly result: "passed" | "failed" | "excused";
  readonly reason?: string;
}

/** Rows of the data model, for whatever runs vector files. */
export const datamodelRows = {
  accepts: isDatamodelRow,
  check(row: unknown): DatamodelVerdict {
    if (!isDatamodelRow(row)) return { result: "failed", reason: "no row of the data model" };
    const [command = ""] = row.argv;
    if (!hasCommand(command)) {
      return { result: "excused", reason: `the command ${command} is of a server, not of the data model` };
    }
    const reason = checkDatamodelRow(row);
    return reason === undefined ? { result: "passed" } : { result: "failed", reason };
  },
} as const;
