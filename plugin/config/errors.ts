/** What can be wrong with a configuration file, and how it is told. */

/** One thing that is wrong, and where. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** The field, as in `table[2].peer`; empty for the file as a whole. */
  readonly path: string;
  /** What was found, what was expected and what to do. */
  readonly message: string;
}

/** The file cannot be read. */
export class ConfigFileError extends Error {
  readonly code = "CONFIG_UNREADABLE";

  constructor(file: string, cause: NodeJS.ErrnoException) {
    const reasons = new Map([
      ["ENOENT", "there is no such file; give the path of the configuration with --config"],
      ["EACCES", "permission denied; make it readable for the user who runs ovs-tpo"],
      ["EISDIR", "it is a folder; give the path of the YAML file in it"],
    ]);
    super(`cannot read ${file}: ${reasons.get(cause.code ?? "") ?? cause.message}`, { cause });
    this.name = "ConfigFileError";
  }
}

/** The file can be read, but is no configuration. The message has one line for each problem, in the file's order. */
export class ConfigError extends Error {
  readonly code = "CONFIG_INVALID";
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const ordered = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(ordered.map((problem) => formatProblem(file, problem)).join("\n"));
    this.name = "ConfigError";
    this.file = file;
    this.problems = ordered;
  }
}

/** `FILE:LINE:COLUMN: PATH: MESSAGE`. */
export function formatProblem(file: string, { line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}
