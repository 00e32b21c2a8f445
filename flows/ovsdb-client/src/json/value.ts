/**
 * A JSON value with exact 64-bit integers.
 *
 * A number is a `bigint` if, and only if, it is an integer that a `number` cannot hold exactly (magnitude
 * above 2^53 - 1) and that fits in 64 bits with sign. So a `bigint` never equals a `number`, and `===`
 * compares rightly.
 */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

export type JsonObject = { [member: string]: Json };

/** An OVSDB integer: a `number` where it is exact, a `bigint` beyond 2^53 - 1. */
export type Integer = number | bigint;

export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The one form of an integer: `number` where it is exact, `bigint` beyond. */
export function toInteger(value: bigint): Integer {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}
