import type { ErrorMessage, HelloElement } from "../model/switch.js";
import { type Codec, list, struct } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";

const versionBitmap = 1;

/** Whatever cannot be an element is kept: a hello is not to fail for what a later version may put there. */
function readElement(reader: Reader): HelloElement {
  const length = reader.remaining < 4 ? 0 : reader.peekU16(2);
  if (length < 4 || length > reader.remaining) return { type: "trailing", data: reader.rest() };
  const contents = reader.sub(length);
  const elementType = contents.u16();
  contents.skip(2);
  // The last element of some switches comes without its padding.
  reader.skip(Math.min((8 - (length % 8)) % 8, reader.remaining));
  if (elementType !== versionBitmap || contents.remaining % 4 !== 0) {
    return { type: "unknown", elementType, data: contents.rest() };
  }
  const words = contents.remaining / 4;
  const versions: number[] = [];
  for (let word = 0; word < words; word++) {
    const bits = contents.u32();
    for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) versions.push(word * 32 + bit);
  }
  return { type: "version_bitmap", versions, ...(words !== wordsFor(versions) && { words }) };
}

/** 32-bit words that a bitmap of these versions takes at least. */
function wordsFor(versions: readonly number[]): number {
  return Math.max(1, Math.ceil((Math.max(-1, ...versions) + 1) / 32));
}

function writeElement(writer: Writer, element: HelloElement): void {
  if (element.type === "trailing") {
    writer.bytes(element.data);
    return;
  }
  const start = writer.length;
  writer.u16(element.type === "version_bitmap" ? versionBitmap : element.elementType);
  writer.u16(0);
  if (element.type === "version_bitmap") writeBitmap(writer, element.versions, element.words);
  else writer.bytes(element.data);
  writer.patchU16(start + 2, writer.length - start);
  writer.pad8(start);
}

function writeBitmap(writer: Writer, versions: readonly number[], words = wordsFor(versions)): void {
  const bitmap = new Array<number>(words).fill(0);
  for (const version of versions) bitmap[version >> 5] = (bitmap[version >> 5] ?? 0) | (1 << (version & 31));
  for (const word of bitmap) writer.u32(word >>> 0);
}

/** OpenFlow 1.5.1 §7.5.1. */
export const hello = struct({ elements: list({ read: readElement, write: writeElement }) });

const experimenterError = 0xffff;

/** OpenFlow 1.5.1 §7.5.4. */
export const error: Codec<Omit<ErrorMessage, "type">> = {
  read(reader) {
    const errorType = reader.u16();
    const code = reader.u16();
    const experimenter = errorType === experimenterError ? { experimenter: reader.u32() } : {};
    return { errorType, code, ...experimenter, data: reader.rest() };
  },
  write(writer, message) {
    writer.u16(message.errorType);
    writer.u16(message.code);
    if (message.errorType === experimenterError) writer.u32(message.experimenter ?? 0);
    writer.bytes(message.data);
  },
};
