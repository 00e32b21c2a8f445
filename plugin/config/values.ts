/**
 * The kinds of value that fields have. The message of a zod issue is always *what was expected*, as a noun phrase;
 * `examples` (also in the published schema) is what the advice of an error is made from.
 */

import { z } from "zod";
import { parseKey } from "../../driver/security/index.js";
import { DSCP_MAX, DSCP_NAMES, type DscpName } from "../edge/tcp/dscp.js";
import { parseAddress, parseEndpoint, parsePrefix } from "./address.js";
import {
  durationPattern,
  formatDuration,
  formatRate,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
  ratePattern,
  sizePattern,
} from "./units.js";

type Bounds = readonly [lowest: number, highest: number];

/** A text that `parse` understands; the field's value is what it makes of it. */
function text<T>(
  expected: string,
  example: string,
  parse: (text: string) => T | undefined,
  pattern?: RegExp,
) {
  const string = z.string({ error: expected });
  const source = pattern === undefined ? string : string.regex(pattern, { error: expected, abort: true });
  return source.meta({ examples: [example] }).transform((written, context) => {
    const value = parse(written);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected, input: written });
    return z.NEVER;
  });
}

function within(bounds: Bounds, parse: (text: string) => number | undefined) {
  return (written: string): number | undefined => {
    const value = parse(written);
    return value !== undefined && value >= bounds[0] && value <= bounds[1] ? value : undefined;
  };
}

export function duration(example: string, ...bounds: Bounds) {
  const [lowest, highest] = bounds.map(formatDuration);
  const expected = `a duration from ${lowest} to ${highest} (units ms, s, m, h)`;
  return text(expected, example, within(bounds, parseDuration), durationPattern);
}

export function size(example: string, ...bounds: Bounds) {
  const [lowest, highest] = bounds.map(formatSize);
  const expected = `a size from ${lowest} to ${highest} (units B, KB, MB, GB of 1024)`;
  return text(expected, example, within(bounds, parseSize), sizePattern);
}

export function rate(example: string, ...bounds: Bounds) {
  const [lowest, highest] = bounds.map(formatRate);
  const expected = `a rate from ${lowest} to ${highest} (units bit, kbit, mbit, gbit), or null`;
  return text(expected, example, within(bounds, parseRate), ratePattern);
}

export function integer(example: number, ...[lowest, highest]: Bounds) {
  const error = `a whole number from ${lowest} to ${highest}`;
  return z
    .int({ error })
    .min(lowest, { error })
    .max(highest, { error })
    .meta({ examples: [example] });
}

export function name(what: string, example: string, longest: number) {
  const error = `${what}: 1 to ${longest} letters, digits, ".", "_" or "-", beginning with a letter or digit`;
  return z
    .string({ error })
    .max(longest, { error, abort: true })
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error })
    .meta({ examples: [example] });
}

export function oneOf<const T extends readonly [string, ...string[]]>(...words: T) {
  const error =
    words.length === 1 ? `"${words[0]}"` : `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  return z.enum(words, { error }).meta({ examples: [words[0]] });
}

export function absolutePath(example: string) {
  const error = "an absolute path";
  return z
    .string({ error })
    .regex(/^\/./, { error })
    .meta({ examples: [example] });
}

export const boolean = z.boolean({ error: "true or false" }).meta({ examples: [false] });

export const address = text("an IPv4 or IPv6 address", "10.1.0.1", parseAddress);

export const interfaceAddress = text(
  "an IPv4 or IPv6 address with the length of its prefix",
  "10.1.0.2/24",
  (written) => (written.includes("/") ? parsePrefix(written) : undefined),
);

export const prefix = text("an address with the length of its prefix", "10.1.5.0/24", parsePrefix);

export const endpoint = text(
  "an address and a port (ADDRESS:PORT, or [ADDRESS]:PORT for IPv6)",
  "10.1.0.2:4754",
  parseEndpoint,
);

/** As `ovs-tpo keygen` prints it; 32 bytes. */
export const publicKey = text(
  "a public key, as `ovs-tpo keygen` and `ovs-tpo pubkey` print it at the peer: 44 characters of base64",
  "Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs=",
  (written) => {
    try {
      return parseKey(written);
    } catch {
      return undefined;
    }
  },
);

/** Of the look-up table, which says itself what is wrong with the texts of `network` and `ports`. */
const networkExpected = 'an address, a prefix, a range (FIRST-LAST), a list of these, or "any"';

export const network = z
  .union([z.string(), z.array(z.string())], { error: networkExpected })
  .meta({ examples: ["10.1.0.0/24"] });

const dscpExpected = `"keep", a code point from 0 to ${DSCP_MAX}, or its name (${Object.keys(DSCP_NAMES).join(", ")})`;

export const dscp = z
  .union(
    [
      z.int({ error: dscpExpected }).min(0, { error: dscpExpected }).max(DSCP_MAX, { error: dscpExpected }),
      z.enum(["keep", ...(Object.keys(DSCP_NAMES) as DscpName[])], { error: dscpExpected }),
    ],
    { error: dscpExpected },
  )
  .meta({ examples: ["keep"] });

const portsExpected = 'a port from 1 to 65535, a range ("FIRST-LAST"), a list of these, or "any"';
const portNumber = z
  .int({ error: portsExpected })
  .min(1, { error: portsExpected })
  .max(65_535, { error: portsExpected });
const onePort = z.union([portNumber, z.string()], { error: portsExpected });

export const ports = z.union([onePort, z.array(onePort)], { error: portsExpected }).meta({ examples: [80] });
