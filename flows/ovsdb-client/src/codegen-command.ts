import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { generateTypes } from "./codegen.js";
import { parseJson } from "./json/parse.js";
import { parseSchema } from "./model/schema.js";

const USAGE = `usage: ovsdb-codegen SCHEMA [--output FILE] [--import MODULE]

Writes TypeScript types for the tables of an OVSDB schema.

  SCHEMA            a schema file, e.g. /usr/share/openvswitch/vswitch.ovsschema
  --output FILE     where to write; the standard output by default
  --import MODULE   what the types import Integer and Uuid from; "ovsdb-client" by default
`;

/**
 * The command `ovsdb-codegen`. It is no subcommand of an `ovsdb-client`, since OVS has one that this would hide. Resolves to its exit status: 0, 1 where the schema is at fault, 2 for the
 * arguments.
 */
export async function main(args: string[]): Promise<number> {
  const given = readArguments(args);
  if (!given) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const schema = parseSchema(parseJson(await readFile(given.schema, "utf8")));
    const types = generateTypes(schema, { importFrom: given.importFrom });
    if (given.output === undefined) process.stdout.write(types);
    else await writeFile(given.output, types);
    return 0;
  } catch (error) {
    process.stderr.write(
      `ovsdb-codegen: ${given.schema}: ${error instanceof Error ? error.message : error}\n`,
    );
    return 1;
  }
}

function readArguments(args: string[]) {
  try {
    const options = {
      output: { type: "string" },
      import: { type: "string", default: "ovsdb-client" },
    } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [schema] = positionals;
    if (schema === undefined || positionals.length !== 1) return undefined;
    return { schema, output: values.output, importFrom: values.import };
  } catch {
    return undefined;
  }
}
