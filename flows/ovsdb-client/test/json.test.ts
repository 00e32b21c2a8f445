import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  formatReal,
  type Json,
  JsonError,
  JsonReader,
  parseJson,
  printJson,
  stringifyJson,
} from "../src/index.js";

const LIMIT = 2 ** 20;
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** With the prototype that objects have. */
function ordinary<T>(dictionary: Record<string, T>): Record<string, T> {
  return { ...dictionary };
}

/** JSON as we hold it: bigint exactly where a number would not be exact. */
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: "binary" }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((real) => (isExactlyInt64(real) ? 0.5 : real + 0)),
  fc.bigInt({ min: 2n ** 53n, max: MAX }),
  fc.bigInt({ min: MIN, max: -(2n ** 53n) }),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("json"), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: "binary" }), tie("json"), { maxKeys: 5 }).map(ordinary),
  ),
}));
const message = fc.oneof(fc.array(json), fc.dictionary(fc.string(), json).map(ordinary));

function isExactlyInt64(real: number): boolean {
  return Number.isInteger(real) && !Number.isSafeInteger(real) && Math.abs(real) <= 2 ** 63;
}

function readAll(chunks: Iterable<Uint8Array>, limit = LIMIT): Json[] {
  const reader = new JsonReader(limit);
  return [...chunks].flatMap((chunk) => [...reader.push(chunk)]);
}

/** The reader's naive twin: after every byte, tries whether what it has is a whole message. */
function readNaively(bytes: Uint8Array): unknown[] {
  const values: unknown[] = [];
  let start = 0;
  for (let end = 1; end <= bytes.length; end++) {
    const text = Buffer.from(bytes.subarray(start, end)).toString();
    if (!/^\s*[[{]/.test(text)) continue;
    try {
      values.push(JSON.parse(text));
      start = end;
    } catch {}
  }
  return values;
}

describe("numbers", () => {
  const literals: [string, Json][] = [
    ["0", 0],
    ["-0", 0],
    ["-0.0", 0],
    ["1.0", 1],
    ["2e10", 20_000_000_000],
    ["0.1", 0.1],
    ["-1.5e-7", -1.5e-7],
    ["9007199254740991", 2 ** 53 - 1],
    ["9007199254740992", 2n ** 53n],
    ["-9007199254740993", -(2n ** 53n) - 1n],
    ["9223372036854775807", MAX],
    ["-9223372036854775808", MIN],
    ["9223372036854775807.0", MAX],
    ["92233720368547758070e-1", MAX],
    ["9.223372036854775807e18", MAX],
    ["9223372036854775808", 2 ** 63],
    ["1e300", 1e300],
    ["1.79769313486232e+308", Number.MAX_VALUE],
    ["-1e400", -Number.MAX_VALUE],
    ["90071992547409925e-1", 2 ** 53],
  ];
  for (const [literal, value] of literals) {
    test(`${literal} is ${typeof value} ${value}`, () => assert.deepStrictEqual(parseJson(literal), value));
  }
  for (const bad of ["01", "+1", ".5", "1.", "1e", "--1", "0x1", "NaN", "1".repeat(2000)]) {
    test(`${bad.slice(0, 10)} is none`, () => assert.throws(() => parseJson(bad), JsonError));
  }
});

describe("texts", () => {
  test("what is written reads back the same", () => {
    fc.assert(fc.property(json, (value) => assert.deepStrictEqual(parseJson(stringifyJson(value)), value)));
  });

  test("where JSON.parse is exact, so are we", () => {
    const plain = fc
      .jsonValue({ noUnicodeString: false })
      .filter((value) => !JSON.stringify(value).includes("-0"));
    fc.assert(
      fc.property(plain, fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const own = parseJson(text);
        assert.equal(JSON.stringify(own, asNumber), JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test("what JSON.parse refuses, so do we", () => {
    const broken = fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, noise]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + noise + text.slice(cut + noise.length);
    });
    fc.assert(
      fc.property(broken, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) parseJson(text);
        else assert.throws(() => parseJson(text), JsonError);
      }),
    );
  });

  test("a member may have any name", () => {
    const value = Object(parseJson('{"__proto__": {"x": 1}, "constructor": 2}'));
    assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
    assert.equal(value.x, undefined);
  });

  test("messages for people are sorted, and round to 15 digits", () => {
    assert.equal(
      printJson({ b: [0.1 + 0.2, 1e100], a: 2n ** 60n }),
      '{"a":1152921504606846976,"b":[0.3,1e+100]}',
    );
    const reals = [0, -0, 1.5, -2.5e-7, 1e15, 123456789012345, 1.7976931348623157e308, 0.0001, 0.00001];
    const printed = [
      "0",
      "0",
      "1.5",
      "-2.5e-07",
      "1e+15",
      "123456789012345",
      "1.79769313486232e+308",
      "0.0001",
      "1e-05",
    ];
    assert.deepEqual(reals.map(formatReal), printed);
  });

  function asNumber(_name: string, value: unknown) {
    return typeof value === "bigint" ? Number(value) : value;
  }
});

describe("streams", () => {
  test("values come out whole, however the stream is cut", () => {
    const separators = fc.constantFrom("", " ", "\n", "\r\n\t");
    fc.assert(
      fc.property(fc.array(fc.tuple(message, separators)), fc.array(fc.nat(20)), (messages, cuts) => {
        const bytes = Buffer.from(
          messages.map(([value, space]) => stringifyJson(value as Json) + space).join(""),
        );
        const chunks: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = 1 + (cuts[turn % (cuts.length || 1)] ?? bytes.length);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepStrictEqual(
          readAll(chunks),
          messages.map(([value]) => value),
        );
      }),
    );
  });

  test("its naive twin reads the same", () => {
    const texts = fc.array(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(texts, (values) => {
        const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join(""));
        const own = readAll([bytes]).map(stringifyJson);
        assert.deepEqual(
          own.map((text) => JSON.parse(text)),
          readNaively(bytes).map((value) => JSON.parse(JSON.stringify(value))),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("the caller's buffer may be used again", () => {
    const reader = new JsonReader(LIMIT);
    const buffer = Buffer.from('["abc');
    assert.deepEqual([...reader.push(buffer)], []);
    assert.equal(reader.buffered, 5);
    buffer.fill(0);
    assert.deepEqual([...reader.push(Buffer.from('def"]'))], [["abcdef"]]);
    assert.equal(reader.buffered, 0);
  });

  test("any bytes give values or a JsonError, and nothing else", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .string({ unit: fc.constantFrom(...'[]{}",:\\ 0-eu\u00e9'.split("")) })
        .map((text) => Buffer.from(text)),
      fc.tuple(fc.json(), fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
        const bytes = Buffer.from(`[${text}]`);
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(noise, (bytes) => {
        try {
          readAll([bytes]);
        } catch (error) {
          assert.ok(error instanceof JsonError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  const hostile: [string, Uint8Array, string][] = [
    ["a message over the limit", Buffer.from(`["${"x".repeat(200)}"]`), "JSON_TOO_LARGE"],
    ["a message that never ends", Buffer.from("[".repeat(200)), "JSON_TOO_LARGE"],
    ["another protocol", Buffer.from("HTTP/1.1 400 Bad Request\r\n"), "JSON_SYNTAX"],
    ["a lone string", Buffer.from('"text"'), "JSON_SYNTAX"],
    ["bytes that are not UTF-8", Buffer.from([0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d]), "JSON_SYNTAX"],
    ["a surrogate in UTF-8", Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d]), "JSON_SYNTAX"],
    ["brackets that do not match", Buffer.from('{"a":[}]'), "JSON_SYNTAX"],
    ["a control character in a string", Buffer.from('["\u0001"]'), "JSON_SYNTAX"],
    ["a bracket too many", Buffer.from("[]]"), "JSON_SYNTAX"],
  ];
  for (const [what, bytes, code] of hostile) {
    test(`${what}: ${code}`, () => assert.throws(() => readAll([bytes], 100), { name: "JsonError", code }));
  }

  test("nesting beyond 1000 is refused, not a stack overflow", () => {
    const nested = (depth: number) => Buffer.from("[".repeat(depth) + "]".repeat(depth));
    assert.equal(readAll([nested(1000)]).length, 1);
    assert.throws(() => readAll([nested(100_000)]), { code: "JSON_TOO_DEEP" });
  });
});
