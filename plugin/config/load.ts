/** From a file to a configuration, or to everything that is wrong with it. */

import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Config } from "./config.js";
import { resolve } from "./defaults.js";
import { formatPath, type Path, SourceDocument } from "./document.js";
import { ConfigError, ConfigFileError, type Problem } from "./errors.js";
import { type Finding, type Keys, type Read, sentence, type Violation } from "./rule.js";
import { rules } from "./rules.js";
import { file } from "./schema.js";
import { suggestion } from "./suggestion.js";

/** Reads and checks a file. Throws ConfigFileError or ConfigError. */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigFileError(path, error as NodeJS.ErrnoException);
  }
  return parseConfig(text, path);
}

/** Checks a text; `name` stands for it in errors. Throws ConfigError with all that is wrong. */
export function parseConfig(text: string, name: string): Config {
  const document = new SourceDocument(text);
  if (document.problems.length > 0) throw new ConfigError(name, document.problems);
  const parsed = file.safeParse(document.value);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, document)),
    ...violations(document.value).map((violation) => problemAt(violation, document)),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(name, problems);
  return resolve(parsed.data);
}

function violations(value: unknown): Violation[] {
  const read: Read = (schema, ...path) => {
    const result = schema.safeParse(valueAt(value, path));
    return result.success ? result.data : undefined;
  };
  const keys: Keys = (...path) => keysOf(valueAt(value, path));
  return rules.flatMap((rule) => [...rule(read, keys)]);
}

function problemAt({ path, ...what }: Violation, document: SourceDocument): Problem {
  const message = "message" in what ? what.message : sentence(what);
  return { ...document.valuePlace(path), path: formatPath(path), message };
}

function problemsOf(issue: z.core.$ZodIssue, document: SourceDocument): Problem[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  const keyProblem = (key: Path, finding: Finding): Problem => ({
    ...document.keyPlace(key),
    path: formatPath(key),
    message: sentence(finding),
  });
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => keyProblem([...path, key], unknownField(path, key)));
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message ?? issue.message;
    return [keyProblem(path, { found: JSON.stringify(path.at(-1)), expected, advice: "rename it" })];
  }
  const value = valueAt(document.value, path);
  const advice = adviceFor(path, value);
  return [problemAt({ path, found: describe(value), expected: issue.message, advice }, document)];
}

function unknownField(around: Path, key: string): Finding {
  const known = fieldsAt(around);
  const near = suggestion(key, known);
  return {
    found: "an unknown field",
    expected: `one of ${known.join(", ")}`,
    advice: near === undefined ? "remove it" : `did you mean "${near}"?`,
  };
}

function adviceFor(path: Path, value: unknown): string {
  const field = path.findLast((step) => typeof step === "string");
  const example = schemaAt(path)?.meta()?.["examples"];
  if (field === undefined) return "see `ovs-tpo schema` for the fields";
  const verb = value === undefined ? "add it" : "change it";
  if (!Array.isArray(example)) return `${verb}; see \`ovs-tpo schema\` for its fields`;
  const written = JSON.stringify(example[0]);
  return `${verb}, for example ${typeof path.at(-1) === "number" ? written : `\`${field}: ${written}\``}`;
}

/** What was found, in the words of YAML. Long texts are cut: an error is a line. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "a map";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, step) => {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, step)) return undefined;
    return (node as Record<string | number, unknown>)[step];
  }, value);
}

function keysOf(value: unknown): readonly (string | number)[] {
  if (Array.isArray(value)) return [...value.keys()];
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

/** The schema of a field, found by walking down from the file's. */
function schemaAt(path: Path): z.ZodType | undefined {
  let schema: z.core.$ZodType | undefined = file;
  for (const step of path) {
    const around: z.core.$ZodType = bare(schema);
    if (around instanceof z.ZodObject) schema = around.shape[step];
    else if (around instanceof z.ZodRecord) schema = around.valueType;
    else if (around instanceof z.ZodArray) schema = around.element;
    else return undefined;
    if (schema === undefined) return undefined;
  }
  return bare(schema) as z.ZodType;
}

/** The schema inside of what only says that a field may be missing or null, or what is made of it. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  const wrappers = [z.ZodPrefault, z.ZodOptional, z.ZodExactOptional, z.ZodNullable] as const;
  const wrapper = wrappers.find((kind) => schema instanceof kind);
  return wrapper === undefined ? schema : bare((schema as InstanceType<typeof wrapper>).unwrap());
}

function fieldsAt(path: Path): string[] {
  const schema = schemaAt(path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
