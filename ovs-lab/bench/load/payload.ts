import { createCipheriv } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { journalLines } from "../../demo/journal.js";

/**
 * What a connection carries. `random`: what nobody makes smaller. `log`: a server's journal. `text`: the project's own
 * sources and pages, in the order of their names. The same bytes each time.
 */
export const payloadNames = ["random", "log", "text"] as const;
export type PayloadName = (typeof payloadNames)[number];

/** Longer by far than any window of the compressors here, so that a repetition gains nothing. */
const PAYLOAD_BYTES = 8 << 20;
const SEED = 2005;

const loaded = new Map<PayloadName, Buffer>();

/** A piece of the payload that is sent over and over. */
export function payload(name: PayloadName): Buffer {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const bytes = makers[name]();
  loaded.set(name, bytes);
  return bytes;
}

const makers: Readonly<Record<PayloadName, () => Buffer>> = { random, log, text };

/** The key stream of a good cipher. */
function random(): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, SEED & 0xff), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(PAYLOAD_BYTES));
}

function log(): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  for (const piece of journalLines(SEED)) {
    pieces.push(piece);
    length += piece.length;
    if (length >= PAYLOAD_BYTES) break;
  }
  return Buffer.concat(pieces, PAYLOAD_BYTES);
}

function text(): Buffer {
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const files = ["docs", "driver", "flows", "ovs-lab", "plugin"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((file) => join(root, folder, String(file)))
      .filter((file) => /\.(ts|md)$/.test(file) && !/node_modules|\/dist\//.test(file)),
  );
  return Buffer.concat(files.sort().map((file) => readFileSync(file)));
}
