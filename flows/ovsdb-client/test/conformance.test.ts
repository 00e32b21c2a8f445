import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkDatamodelRow, datamodelRows, isDatamodelRow } from "../src/conformance/index.js";

const UUID = "6b6a1f0e-5f0b-4a56-9c8e-1f5a6c1d2e3f";
const TABLE = JSON.stringify({
  columns: {
    n: { type: { key: { type: "integer", minInteger: 0, maxInteger: 9 } } },
    s: { type: { key: "string", min: 0, max: 3 } },
    m: { type: { key: "string", value: "real", min: 0, max: "unlimited" } },
    o: { type: { key: "integer", min: 0 } },
  },
});

type Row = [command: string, args: string[], output: string[] | string];

/** Commands that print: their lines; commands that fail: a part of what they say. */
const rows: Row[] = [
  ["default-atoms", [], ["integer: OK", "real: OK", "boolean: OK", "string: OK", "uuid: OK"]],
  ["parse-atomic-type", ['["uuid"]'], ['"uuid"']],
  ["parse-atomic-type", ['"float"'], '"float" is not an atomic-type'],
  ["parse-atomic-type", ["1"], "atomic-type expected"],
  ["parse-base-type", ['{"type": "real", "maxReal": 2.50}'], ['{"maxReal":2.5,"type":"real"}']],
  [
    "parse-base-type",
    ['{"type": "string", "minInteger": 2}'],
    "Member 'minInteger' is present but not allowed here.",
  ],
  [
    "parse-base-type",
    ['{"type": "uuid", "refTable": "T", "refType": "soft"}'],
    'refType must be "strong" or "weak"',
  ],
  ["parse-base-type", ['{"type": "integer", "enum": ["set", []]}'], "set must have"],
  ["parse-base-type", ['{"type": "integer", "minInteger": 1.5}'], "Type mismatch for member 'minInteger'"],
  [
    "parse-type",
    ['{"key": "string", "value": "integer", "min": 0, "max": 7}'],
    ['{"key":"string","max":7,"min":0,"value":"integer"}'],
  ],
  ["parse-type", ['{"key": "string", "max": "many"}'], "bad min or max value"],
  [
    "parse-atoms",
    ['["integer"]', "[7]", "[1e2]", "[-9223372036854775808]", '["7"]', "[1e19]"],
    [
      "7",
      "100",
      "-9223372036854775808",
      'syntax ""7"": syntax error: expected integer',
      'syntax "1e+19": syntax error: expected integer',
    ],
  ],
  [
    "parse-atoms",
    ['{"type": "string", "minLength": 2}', '["\\ud83d\\ude00"]', '["ab"]'],
    ['constraint violation: "😀" length 1 is less than minimum allowed length 2', '"ab"'],
  ],
  [
    "parse-atoms",
    ['{"type": "string", "enum": ["set", ["x y", "b"]]}', '["c"]'],
    ['constraint violation: c is not one of the allowed values ([b, "x y"])'],
  ],
  [
    "parse-atoms",
    ['{"type": "real", "minReal": 0.5}', "[0.25]"],
    ["constraint violation: 0.25 is less than minimum allowed value 0.5"],
  ],
  [
    "parse-atoms",
    ['["uuid"]', `["uuid", "${UUID.toUpperCase()}"]`, '["uuid", "x"]', '["named-uuid", "x"]'],
    [
      `["uuid","${UUID}"]`,
      'syntax "["uuid","x"]": syntax error: "x" is not a valid UUID',
      'syntax "["named-uuid","x"]": syntax error: expected ["uuid", <string>]',
    ],
  ],
  ["parse-atom-strings", ["--", '["integer"]', "+12", "-3", "4-6"], ["12", "-3", "4-6"]],
  ["parse-atom-strings", ['["integer"]', "6-4"], "Range end cannot be before start"],
  ["parse-atom-strings", ['["integer"]', "0-99999"], "is too big"],
  ["parse-atom-strings", ['["integer"]', "9223372036854775808"], "is not a valid integer"],
  ["parse-atom-strings", ['["real"]', "-0.0", "1e3", "2.5e-9"], ["0", "1000", "2.5e-09"]],
  ["parse-atom-strings", ['["real"]', "one"], '"one" is not a valid real number'],
  ["parse-atom-strings", ['["boolean"]', "yes", "off"], ["true", "false"]],
  ["parse-atom-strings", ['["boolean"]', "maybe"], "is not a valid boolean"],
  [
    "parse-atom-strings",
    ['["string"]', "plain", '"a b"', `"${UUID}"`, '"\\n"'],
    ["plain", '"a b"', `"${UUID}"`, '"\\n"'],
  ],
  ["parse-atom-strings", ['["string"]', ""], 'use "" to represent the empty string'],
  ["parse-atom-strings", ['["string"]', '"open'], "missing quote at end"],
  ["parse-atom-strings", ['["string"]', '"a\\"'], "may not end with backslash"],
  ["parse-atom-strings", ['["string"]', '"a"b"'], 'may not include unescaped "'],
  ["parse-atom-strings", ['["uuid"]', "12-34"], '"12-34" is not a valid UUID'],
  ["sort-atoms", ['["string"]', '["b","\\ue000","a","\\ud83d\\ude00"]'], ['["a","b","\ue000","😀"]']],
  ["parse-data", ['{"key": "integer", "max": 3}', "[3]", '["set", [3, 1]]'], ["3", '["set",[1,3]]']],
  ["parse-data", ['{"key": "integer", "max": 3}', '["set", [1, 1]]'], "ovsdb error: set contains duplicate"],
  [
    "parse-data",
    ['{"key": "integer", "max": 3}', '["set", [1, 2, 3, 4]]'],
    "set must have 1 to 3 members but 4 are present",
  ],
  ["parse-data", ['["integer"]', '["set", []]'], "set must have exactly one member but 0 are present"],
  [
    "parse-data",
    ['{"key": "string", "value": "real", "max": 3}', '["map", [["b", 1], ["a", 0.5]]]'],
    ['["map",[["a",0.5],["b",1]]]'],
  ],
  [
    "parse-data",
    ['{"key": "string", "value": "real", "max": 3}', '["map", [["b", 1], ["b", 2]]]'],
    "map contains duplicate key",
  ],
  [
    "parse-data",
    ['{"key": "string", "value": "real", "max": 3}', '["map", [["b"]]]'],
    "expected 2-element array",
  ],
  [
    "parse-data",
    ['{"key": "string", "value": "real", "max": 3}', '["set", ["b"]]'],
    'expected ["map", <array>]',
  ],
  [
    "parse-data-strings",
    ['{"key": "integer", "min": 0, "max": 9}', "[]", "3, 1,2", "[5-7 1]"],
    ["[]", "[1, 2, 3]", "[1, 5, 6, 7]"],
  ],
  ["parse-data-strings", ['{"key": "integer", "max": 9}', "[1, 2"], 'missing "]" at end of data'],
  ["parse-data-strings", ['{"key": "integer", "max": 9}', "[1] 2"], 'trailing garbage after "]"'],
  [
    "parse-data-strings",
    ['{"key": "integer", "max": 9}', "1,,2"],
    'unexpected "," parsing set of 1 to 9 integers',
  ],
  [
    "parse-data-strings",
    ['{"key": "integer", "max": 2}', "1,2,3"],
    "3 value(s) specified but the maximum number is 2",
  ],
  ["parse-data-strings", ['{"key": "integer", "min": 0}', ""], 'use "[]" to specify the empty set'],
  [
    "parse-data-strings",
    ['{"key": "string", "value": "string", "max": 9}', "a=b c = d,", '{"x y"="=,"}', "a\\=b=c"],
    ["{a=b, c=d}", '{"x y"="=,"}', '{"a=b"=c}'],
  ],
  [
    "parse-data-strings",
    ['{"key": "string", "value": "string", "max": 9}', "a b"],
    'syntax error at "b" expecting "="',
  ],
  ["parse-data-strings", ['{"key": "string", "max": 9}', '"a'], "quoted string extends past end of argument"],
  ["parse-data-strings", ['{"key": "string", "max": 9}', "a\\"], "backslash at end of argument"],
  ["diff-data", ['["integer"]', "[1]", "[2]"], ["diff: 2", "apply diff: 2", "OK"]],
  [
    "diff-data",
    ['{"key": "integer", "max": 4}', '["set", [1, 2]]', '["set", [2, 3]]'],
    ['diff: ["set",[1,3]]', 'apply diff: ["set",[2,3]]', "OK"],
  ],
  ["diff-data", ['{"key": "integer", "max": 2}', '["set", [1]]', '["set", [1, 2, 3]]'], "size error"],
  [
    "parse-column",
    ["c", '{"type": "integer", "mutable": false, "ephemeral": true}'],
    ['{"ephemeral":true,"mutable":false,"type":"integer"}'],
  ],
  ["parse-column", ["c", '{"type": "integer", "mutable": 1}'], "Type mismatch for member 'mutable'"],
  [
    "parse-table",
    ["t", '{"columns": {"a": {"type": "string"}}, "indexes": [["b"]]}'],
    "b is not a valid column name",
  ],
  ["parse-table", ["t", '{"columns": {"a-b": {"type": "string"}}}'], "name must be a valid id"],
  [
    "parse-schema",
    ['{"name": "d", "tables": {"_t": {"columns": {"a": {"type": "string"}}}}}'],
    'names beginning with "_" are reserved',
  ],
  ["parse-schema", ["[]"], "Object expected."],
  [
    "parse-rows",
    [TABLE, '{"o": ["set", []], "n": 3}'],
    [
      '{"_uuid":["uuid","00000000-0000-0000-0000-000000000000"],"_version":["uuid","00000000-0000-0000-0000-000000000000"],"m":["map",[]],"n":3,"o":["set",[]],"s":["set",[]]}',
      "n, o",
    ],
  ],
  ["parse-rows", [TABLE, '{"x": 1}'], "unknown column: No column x in table mytable."],
  [
    "compare-rows",
    [
      TABLE,
      '["a", {"s": ["set", ["x", "y"]]}]',
      '["b", {"s": ["set", ["y", "x"]]}]',
      '["c", {"n": 1}];',
      "echo",
    ],
    ["a == b"],
  ],
  [
    "parse-conditions",
    [TABLE, '[["s","!=","a"],["n","<",3],true,["n","==",4]]'],
    ['[true,["n","==",4],["n","<",3],["s","!=","a"]]'],
  ],
  [
    "parse-conditions",
    [TABLE, '[["s","<","a"]]'],
    'Type mismatch: "<" operator may not be applied to column s of type set of up to 3 strings.',
  ],
  ["parse-conditions", [TABLE, '[["n","~",1]]'], "unknown function: No function named ~."],
  ["parse-conditions", [TABLE, '[["n","=="]]'], "Parse error in condition."],
  ["parse-conditions", [TABLE, '[["n","==",10]]'], "10 is not in the valid range 0 to 9 (inclusive)"],
  [
    "evaluate-conditions",
    [
      TABLE,
      '[[["m","includes",["map",[["a",1]]]]],[["o",">",1]],[]]',
      '[{},{"m":["map",[["a",1],["b",2]]],"o":1},{"m":["map",[["a",2]]],"o":2},{},{},{}]',
    ],
    ["condition  0: -T--- -", "condition  1: --T-- -", "condition  2: TTTTT T"],
  ],
  [
    "evaluate-conditions-any",
    [TABLE, '[[["n","==",1],["n","==",2]],[]]', '[{"n":1},{"n":2},{"n":3}]'],
    ["condition  0: TT-", "condition  1: ---"],
  ],
  [
    "compare-conditions",
    [TABLE, '[[["n","==",1]],[["n","==",2]],[],[]]'],
    ["condition 0-1: -1", "condition 1-2: 1", "condition 2-3: 0"],
  ],
  [
    "parse-mutations",
    [TABLE, '[["m","delete",["set",["a","b"]]],["n","%=",2]]'],
    ['[["m","delete",["set",["a","b"]]],["n","%=",2]]'],
  ],
  [
    "parse-mutations",
    [TABLE, '[["n","insert",1]]'],
    'Type mismatch: "insert" operator may not be applied to column n of type integer.',
  ],
  ["parse-mutations", [TABLE, '[["n","^=",1]]'], "unknown mutator: No mutator named ^=."],
  [
    "execute-mutations",
    [
      TABLE,
      '[[["s","insert",["set",["a","b","c"]]]],[["m","insert",["map",[["a",9]]]]],[["o","*=",4]],[["s","delete","a"],["n","+=",1]]]',
      '[{"n":9,"s":"d"},{"m":["map",[["a",1]]],"o":2,"s":"a"}]',
    ],
    [
      "mutation  0:",
      "row 0: constraint violation: Attempted to store 4 elements in set of up to 3 strings.",
      'row 1: {"s":["set",["a","b","c"]]}',
      "",
      "mutation  1:",
      'row 0: {"m":["map",[["a",9]]]}',
      "row 1: no change",
      "",
      "mutation  2:",
      "row 0: no change",
      'row 1: {"o":8}',
      "",
      "mutation  3:",
      "row 0: constraint violation: 10 is not in the valid range 0 to 9 (inclusive)",
      'row 1: {"n":1,"s":["set",[]]}',
    ],
  ],
  ["query", [TABLE, '[{"n":1},{"n":2}]', '[[],[["n",">",1]]]'], ["query  0: 11", "query  1: -1"]],
  ["query-distinct", [TABLE, '[{"n":1},{"n":2},{"n":1}]', '[[["n","==",1]]]', '["n"]'], ["query  0: a-a"]],
  [
    "query-distinct",
    [TABLE, '[{"n":1},{"n":2},{"n":1}]', '[[["n","==",1]]]', '["_uuid"]'],
    ["query  0: a-c"],
  ],
  ["no-such-command", [], "unknown command"],
];

describe("the data model's commands", () => {
  for (const [command, args, expect] of rows) {
    test(`${command} ${args.join(" ")}`.slice(0, 100), () => {
      const row = { title: command, positive: Array.isArray(expect), argv: [command, ...args], expect };
      assert.equal(checkDatamodelRow(row), undefined);
    });
  }

  test("there are 60 types of data, each with a default", () => {
    const expect = [0, 1].flatMap((min) =>
      ["integer", "real", "boolean", "string", "uuid"].flatMap((key) =>
        ["void", "integer", "real", "boolean", "string", "uuid"].map(
          (value) => `key ${key}, value ${value}, n_min ${min}: OK`,
        ),
      ),
    );
    assert.equal(checkDatamodelRow({ title: "", positive: true, argv: ["default-data"], expect }), undefined);
  });

  test("a row that does not come out says how", () => {
    const wrong = { title: "", positive: true, argv: ["parse-atomic-type", '"uuid"'], expect: ['"real"'] };
    assert.match(checkDatamodelRow(wrong) ?? "", /expected:\n"real"\nbut it printed:\n"uuid"/);
    assert.match(checkDatamodelRow({ ...wrong, positive: false }) ?? "", /expected an error/);
    assert.match(checkDatamodelRow({ ...wrong, argv: ["parse-atomic-type", "{"] }) ?? "", /but it failed/);
  });

  test("rows are known by what they have, and judged by themselves", () => {
    const row = { argv: ["parse-atomic-type", '"uuid"'], expect: ['"uuid"'] };
    assert.deepEqual(datamodelRows.check(row), { result: "passed" });
    assert.equal(datamodelRows.check({ ...row, expect: ['"real"'] }).result, "failed");
    assert.equal(
      datamodelRows.check({ argv: ["parse-atomic-type", '"void"'], expect: '"void" is not' }).result,
      "passed",
    );
    assert.deepEqual(datamodelRows.check({ argv: ["trigger", "x"], expect: [] }), {
      result: "excused",
      reason: "the command trigger is of a server, not of the data model",
    });
    for (const other of [null, 5, [], {}, { argv: [] }, { argv: "x", expect: [] }, { hex: "00" }]) {
      assert.equal(isDatamodelRow(other), false);
    }
  });
});
