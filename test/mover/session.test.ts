import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Session } from "../../driver/mover/session.js";
import type { Hello } from "../../driver/mover/wire/hello.js";

const OPTIONS = {
  site: "a",
  bootId: 1n,
  segmentSize: 1472,
  receiveWindow: 1e6,
  silentAfter: 2500,
  downAfter: 45_000,
};

/** A session whose tags are 101, 102, … and that writes down what it does. */
function newSession(): { session: Session; log: string[]; hellos: Hello[]; events(): string[] } {
  const log: string[] = [];
  const hellos: Hello[] = [];
  let tag = 100;
  const session = new Session(OPTIONS, {
    newTag: () => {
      tag += 1;
      return tag;
    },
    sendHello: (hello, to) => {
      hellos.push(hello);
      log.push(`hello to ${to} echo ${hello.echoTag}${hello.established ? " established" : ""}`);
    },
    begin: (peer, roundTrip) =>
      log.push(`begin ${peer.site} ${peer.bootId}/${peer.session} rtt ${Math.round(roundTrip)}`),
    end: (reason) => log.push(`end ${reason}`),
    silent: () => log.push("silent"),
    resumed: () => log.push("resumed"),
  });
  return { session, log, hellos, events: () => log.splice(0) };
}

/** A hello of the peer, who knows our first session. */
function hello(changes: Partial<Hello> = {}): Hello {
  return {
    bootId: 2n,
    tag: 200,
    established: false,
    session: 1,
    echoBootId: 1n,
    echoTag: 101,
    segmentSize: 1472,
    receiveWindow: 1e6,
    time: 1,
    echoTime: 1,
    site: "b",
    ...changes,
  };
}

/** A session that is up since time 50. */
function established(): ReturnType<typeof newSession> {
  const made = newSession();
  made.session.start(0);
  made.session.onTimer(0);
  made.session.onHello(50, hello());
  made.session.onTimer(50);
  assert.deepEqual(made.events(), [
    "hello to 0 echo 0",
    "begin b 2/1 rtt 50",
    "hello to 200 echo 200 established",
  ]);
  return made;
}

describe("a session", () => {
  it("is idle until it is started, and ignores hellos", () => {
    const { session, events } = newSession();
    session.onHello(0, hello());
    session.onDatagram(0);
    session.onTimer(1e6);
    assert.equal(session.state, "idle");
    assert.deepEqual(events(), []);
  });

  it("says hello less and less often, but at least once a second", () => {
    const { session, events } = newSession();
    session.start(0);
    const times: number[] = [];
    for (let now = 0; now < 6000; now = session.nextTimerAt()) {
      session.onTimer(now);
      times.push(now);
      assert.deepEqual(events(), ["hello to 0 echo 0"]);
    }
    assert.deepEqual(times, [0, 200, 500, 950, 1625, 2625, 3625, 4625, 5625]);
    assert.equal(session.state, "connecting");
  });

  it("answers a hello that does not know us, and waits", () => {
    const { session, events } = newSession();
    session.start(0);
    session.onTimer(0);
    session.onHello(30, hello({ echoTag: 0, echoBootId: 0n }));
    session.onTimer(session.nextTimerAt());
    assert.deepEqual(events(), ["hello to 0 echo 0", "hello to 200 echo 200"]);
    assert.equal(session.state, "connecting");
  });

  it("is up with a hello that echoes our tag", () => assert.equal(established().session.state, "up"));

  it("is up with a datagram that carries our tag, once the peer is known", () => {
    const { session, events } = newSession();
    session.start(0);
    session.onTimer(0);
    session.onDatagram(10);
    assert.equal(session.state, "connecting");
    session.onHello(30, hello({ echoTag: 0 }));
    session.onTimer(30);
    session.onDatagram(60);
    assert.equal(session.state, "up");
    assert.equal(events().at(-1), "begin b 2/1 rtt NaN");
  });

  it("does not answer a peer that has understood", () => {
    const { session, events } = established();
    session.onHello(60, hello({ established: true }));
    session.onTimer(2000);
    assert.deepEqual(events(), []);
  });

  it("answers a peer that has not, though not to every hello", () => {
    const { session, events } = established();
    session.onHello(60, hello());
    session.onHello(61, hello());
    session.onTimer(61);
    assert.deepEqual(events(), []);
    assert.equal(session.nextTimerAt(), 70);
    session.onTimer(70);
    assert.deepEqual(events(), ["hello to 200 echo 200 established"]);
    assert.equal(session.nextTimerAt(), 61 + 2500);
  });

  it("is silent, then up again", () => {
    const { session, events } = established();
    session.onDatagram(1000);
    assert.equal(session.nextTimerAt(), 3500);
    session.onTimer(3500);
    assert.equal(session.state, "silent");
    session.onDatagram(30_000);
    assert.equal(session.state, "up");
    assert.deepEqual(events(), ["silent", "resumed"]);
  });

  it("is silent, then down, and says hello again with another tag", () => {
    const { session, events, hellos } = established();
    session.onTimer(2550);
    assert.equal(session.nextTimerAt(), 45_050);
    session.onTimer(45_050);
    assert.equal(session.state, "down");
    assert.deepEqual(events(), ["silent", "end timeout", "hello to 200 echo 200"]);
    assert.deepEqual(
      [hellos.at(-1)!.tag, hellos.at(-1)!.session, hellos.at(-1)!.established],
      [102, 2, false],
    );
    session.onHello(46_000, hello({ echoTag: 102, established: true }));
    assert.equal(session.state, "up");
  });

  it("ends at once when the peer has a new boot id", () => {
    const { session, events } = established();
    session.onHello(100, hello({ bootId: 3n, tag: 300, echoTag: 0, echoBootId: 0n }));
    assert.equal(session.state, "down");
    session.onTimer(100);
    assert.deepEqual(events(), ["end restart", "hello to 300 echo 300"]);
    session.onHello(150, hello({ bootId: 3n, tag: 300, echoTag: 102, echoTime: 0 }));
    assert.deepEqual(events(), ["begin b 3/1 rtt NaN"]);
  });

  it("ends when the peer has begun a new session", () => {
    const { session, events } = established();
    session.onHello(100, hello({ session: 2, tag: 201 }));
    session.onTimer(100);
    assert.deepEqual(events(), ["end reset", "hello to 201 echo 201"]);
  });

  it("ignores belated hellos: of an earlier session, of an earlier boot", () => {
    const { session, events } = established();
    session.onHello(100, hello({ bootId: 3n, tag: 300, session: 5, echoTag: 0 }));
    session.onTimer(100);
    session.onHello(150, hello({ bootId: 3n, tag: 300, session: 5, echoTag: 102, established: true }));
    events();
    session.onHello(160, hello({ bootId: 3n, tag: 299, session: 4 }));
    session.onHello(160, hello({ bootId: 2n, tag: 200, session: 9 }));
    session.onTimer(1000);
    assert.deepEqual(events(), []);
    assert.equal(session.peer?.bootId, 3n);
  });

  it("ends when the peer closes it, and tries again", () => {
    const { session, events } = established();
    session.onClose(100);
    session.onTimer(100);
    assert.deepEqual(events(), ["end stopped", "hello to 200 echo 200"]);
    assert.equal(session.state, "down");
  });

  it("ends for good when it is stopped, and can be started again", () => {
    const { session, events } = established();
    session.stop();
    assert.equal(session.state, "idle");
    assert.equal(session.nextTimerAt(), Number.POSITIVE_INFINITY);
    assert.deepEqual(events(), ["end stopped"]);
    session.start(500);
    session.onTimer(500);
    assert.deepEqual(events(), ["hello to 200 echo 200"]);
    assert.equal(session.tag, 102);
  });

  it("fails once only", () => {
    const { session, events } = established();
    session.fail(100, "corrupt");
    session.fail(100, "corrupt");
    assert.deepEqual(events(), ["end corrupt"]);
  });
});
