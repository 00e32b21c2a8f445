import type { Json } from "./value.js";

/** Serialises without white space. Reals are written so that they read back to the same double. */
export function stringifyJson(value: Json): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`JSON has no way to write ${value}`);
      return String(value);
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(stringifyJson).join(",")}]`;
      return `{${Object.keys(value)
        .map((name) => `${JSON.stringify(name)}:${stringifyJson(value[name] as Json)}`)
        .join(",")}}`;
    default:
      return String(value);
  }
}

/**
 * For people: one text for equal values, as OVS's own programs print them. Members are in order of their
 * names, reals have 15 digits.
 */
export function printJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(printJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.keys(value).sort();
    return `{${members.map((name) => `${JSON.stringify(name)}:${printJson(value[name] as Json)}`).join(",")}}`;
  }
  return typeof value === "number" && !Number.isSafeInteger(value) ? formatReal(value) : stringifyJson(value);
}

/**
 * 15 significant digits, as C's `%.15g` writes them: exact for what people wrote, quiet about binary
 * fractions.
 */
export function formatReal(value: number): string {
  if (value === 0) return "0";
  const shown = rounded(value);
  const [digits = "", exponentText = "0"] = shown.toExponential(14).split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 15) return withoutTrailingZeros(shown.toFixed(14 - exponent));
  const sign = exponent < 0 ? "-" : "+";
  return `${withoutTrailingZeros(digits)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Halfway between two texts of 15 digits, C takes the even one, JavaScript the greater. */
function rounded(value: number): number {
  const [digits = "", exponent = ""] = value.toExponential(100).split("e");
  const point = digits.indexOf(".");
  const kept = digits.slice(0, point + 15);
  const isTie = /^50*$/.test(digits.slice(point + 15));
  return isTie && /[02468]$/.test(kept) ? Number(`${kept}e${exponent}`) : value;
}

function withoutTrailingZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
