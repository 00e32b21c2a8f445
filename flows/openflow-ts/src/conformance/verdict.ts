/** What has come of a row. */
export interface Verdict {
  /** `excused`: outside of what is built here; `unknown`: no row that anybody here knows. */
  readonly result: "passed" | "failed" | "excused" | "unknown";
  /** Why; of a row that passed, what is worth knowing. */
  readonly reason?: string;
}

export const passed: Verdict = { result: "passed" };
export const failed = (reason: string): Verdict => ({ result: "failed", reason });
export const excused = (reason: string): Verdict => ({ result: "excused", reason });
