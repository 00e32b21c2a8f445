import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeMoment, type Moment } from "../../ovs-lab/demo/progress.js";
import { Screen } from "../../ovs-lab/demo/screen.js";
import { Series, throughput } from "../../ovs-lab/demo/series.js";

const moment: Moment = {
  name: "through ovs-tpo",
  bytes: 50e6,
  size: 200e6,
  seconds: 5,
  limit: 35,
  rate: 80e6,
};

describe("progress", () => {
  it("tells how far, how fast, and how long still", () => {
    assert.equal(
      describeMoment(moment, true),
      "through ovs-tpo  ███░░░░░░░░░░░  25 %   50.0 MB   80.0 Mbit/s  15 s left",
    );
    assert.equal(describeMoment(moment, false), "through ovs-tpo   25 %   50.0 MB   80.0 Mbit/s  15 s left");
  });

  it("tells of the limit where that comes first", () => {
    assert.match(describeMoment({ ...moment, rate: 1e6 }, true), /stops in 30 s$/);
    assert.match(describeMoment({ ...moment, rate: 0 }, true), /stops in 30 s$/);
    assert.match(describeMoment({ ...moment, rate: 0, seconds: 36 }, true), /stops in 0 s$/);
  });

  it("fits into 80 columns", () => {
    const widest = { ...moment, bytes: 199.9e6, rate: 99.9e6, limit: 1e3, size: 1e12 };
    assert.ok([...`  ${describeMoment(widest, true)}`].length < 80);
  });
});

describe("screen", () => {
  function screen(isTTY: boolean, columns = 80) {
    const written: string[] = [];
    const output = { isTTY, columns, write: (text: string) => written.push(text) };
    return { screen: new Screen(output, { TERM: "xterm" }), written };
  }

  it("rewrites one line on a terminal, and clears it before the next that stays", () => {
    const { screen: terminal, written } = screen(true);
    terminal.live("one");
    terminal.live("two");
    terminal.say("three");
    terminal.say("four");
    assert.deepEqual(written, ["\r\x1b[Kone", "\r\x1b[Ktwo", "\r\x1b[K", "three\n", "four\n"]);
  });

  it("writes plain lines elsewhere", () => {
    const { screen: file, written } = screen(false);
    file.live("one");
    file.clear();
    file.say("two");
    assert.deepEqual(written, ["one\n", "two\n"]);
  });

  it("cuts what would wrap", () => {
    const { screen: narrow, written } = screen(true, 10);
    narrow.live("0123456789");
    assert.deepEqual(written, ["\r\x1b[K012345678"]);
  });

  it("takes a terminal of unknown width for one of 80 columns", () => {
    const { screen: unknown, written } = screen(true, 0);
    unknown.live("x".repeat(100));
    assert.deepEqual(written, [`\r\x1b[K${"x".repeat(79)}`]);
  });
});

describe("series", () => {
  it("samples at even steps whatever comes when", () => {
    const series = new Series();
    series.add(0.1, 10);
    series.add(0.3, 20);
    series.add(1.05, 40);
    assert.deepEqual(series.samples, [
      { seconds: 0, bytes: 0 },
      { seconds: 0.25, bytes: 10 },
      { seconds: 0.5, bytes: 30 },
      { seconds: 0.75, bytes: 30 },
      { seconds: 1, bytes: 30 },
      { seconds: 1.05, bytes: 70 },
    ]);
    assert.equal(series.bytes, 70);
  });

  it("knows the rate of late, and that of a transfer that stands still is 0", () => {
    const series = new Series();
    for (let second = 1; second <= 10; second++) series.add(second, 1e6);
    assert.equal(series.recentRate(10), 8e6);
    assert.equal(series.recentRate(15), 0);
  });

  it("gives rates over a window that slides", () => {
    const samples = [0, 1, 2, 3, 4].map((seconds) => ({
      seconds,
      bytes: seconds < 3 ? 0 : (seconds - 2) * 1e6,
    }));
    assert.deepEqual(
      throughput(samples, 2).map(({ seconds, rate }) => [seconds, rate]),
      [
        [1, 0],
        [2, 0],
        [3, 4e6],
        [4, 8e6],
      ],
    );
  });
});
