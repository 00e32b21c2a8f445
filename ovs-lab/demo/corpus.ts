import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { containerRecords } from "./container.js";
import { DemoError } from "./error.js";
import { journalLines } from "./journal.js";
import type { FileName } from "./plan.js";

/** What is downloaded: data that does not compress, and text that does. Without end; the file's size cuts it. */
export const corpora: Readonly<Record<FileName, (seed: number) => Generator<Buffer, never>>> = {
  data: containerRecords,
  text: journalLines,
};

/** As people are told of them. */
export const descriptions: Readonly<Record<FileName, string>> = {
  data: "a file that does not compress",
  text: "a text file",
};

const SEED = 2005;
const WRITE_BYTES = 1 << 20;

/** Writes the first `size` bytes of a corpus. */
export async function writeCorpus(path: string, file: FileName, size: number): Promise<void> {
  const target = await open(path, "w");
  try {
    for (const chunk of chunks(corpora[file](SEED), size)) await target.writeFile(chunk);
  } finally {
    await target.close();
  }
}

/** The first `size` bytes, in pieces that are worth a system call. */
function* chunks(source: Iterable<Buffer>, size: number): Generator<Buffer> {
  let pieces: Buffer[] = [];
  let held = 0;
  let left = size;
  for (const piece of source) {
    const part = piece.subarray(0, left);
    pieces.push(part);
    held += part.length;
    left -= part.length;
    if (held >= WRITE_BYTES || left === 0) {
      yield Buffer.concat(pieces);
      pieces = [];
      held = 0;
    }
    if (left === 0) return;
  }
}

/** SHA-256 of a file's first `length` bytes, in hexadecimal. */
export async function sha256OfStart(path: string, length: number): Promise<string> {
  const hash = createHash("sha256");
  if (length > 0)
    await pipeline(createReadStream(path, { end: length - 1, highWaterMark: WRITE_BYTES }), hash);
  return hash.digest("hex");
}

/** @throws DemoError `NO_SPACE` */
export async function checkSpace(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new DemoError(
    "NO_SPACE",
    `${directory} has ${megabytes(free)} free and the files take ${megabytes(needed)}; set TMPDIR to a roomier place, or give a smaller --size`,
  );
}
