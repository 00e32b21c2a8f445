import type { FieldName } from "../fields/registry.js";

/**
 * Which of a field's headers stands on the wire. A field that exists as OXM, as ONF extension and as NXM has one name
 * here; the form is given only where it is not the one that the message's version and place would choose by themselves.
 */
export type HeaderForm = "oxm" | "nxm" | "experimenter";

/** One field of a match or of a set-field action: `value/mask` in network byte order, as an integer. */
export interface FieldMatch {
  readonly field: FieldName;
  readonly value: bigint;
  /** Absent: exact. Bits that are 1 are compared. */
  readonly mask?: bigint;
  readonly form?: HeaderForm;
  /** Bytes on the wire, for the fields of variable size (`tun_metadata*`) where it is not the field's full size. */
  readonly size?: number;
}

/** A field that the registry does not know, kept as it came. */
export interface UnknownFieldMatch {
  readonly field: "unknown";
  readonly class: number;
  readonly number: number;
  readonly hasMask: boolean;
  /** Only in class 0xffff. */
  readonly experimenter?: number;
  /** Only in fields of ONF with the number 0. */
  readonly experimenterType?: number;
  /** Value and, with `hasMask`, mask. */
  readonly data: Uint8Array;
}

export type MatchField = FieldMatch | UnknownFieldMatch;

/** The fields of a match in their order on the wire. Empty: matches all. */
export type Match = readonly MatchField[];

/** A field without a value, as actions name it. */
export interface FieldReference {
  readonly field: FieldName;
  readonly form?: HeaderForm;
  readonly size?: number;
}

/** A field named by actions that the registry does not know: its header. */
export interface UnknownFieldReference {
  readonly field: "unknown";
  readonly class: number;
  readonly number: number;
  readonly hasMask: boolean;
  readonly size: number;
  readonly experimenter?: number;
  readonly experimenterType?: number;
}

export type AnyFieldReference = FieldReference | UnknownFieldReference;

/** Bits `offset` to `offset + bits - 1` of a field, counted from the least significant. */
export type Subfield = AnyFieldReference & { readonly offset: number; readonly bits: number };

/** A place in a field whose number of bits is said elsewhere. */
export type FieldPosition = AnyFieldReference & { readonly offset: number };
