import assert from "node:assert/strict";
import { Socket } from "node:net";
import { afterEach, test } from "node:test";
import { type MessageHeader, type MessageSource, MessageStatus, MessageType } from "../../driver/index.js";
import { addressBytes } from "../../driver/ip-address.js";
import { EdgeMemory, type Interception, plainClass, TcpConnections } from "../../plugin/edge/tcp/index.js";

const from = (sourcePort: number): Interception => ({
  addresses: {
    source: addressBytes("10.1.0.11"),
    sourcePort,
    destination: addressBytes("10.2.0.11"),
    destinationPort: 80,
  },
  trafficClass: plainClass(15_000),
  dscp: 0,
});

/** A driver that pulls when it is told to: sources that a lost session has left in its queue stay there. */
class Queue {
  readonly #sources = new Set<MessageSource>();
  readonly connections = new TcpConnections({
    ready: (source) => this.#sources.add(source),
    now: () => 0,
    rtt: () => 1,
    creditMaximum: 2 ** 20,
    memory: new EdgeMemory(2 ** 20),
    connectTimeout: 1000,
    trafficClass: () => plainClass(15_000),
    dial: () => new Socket(),
  });

  /** What the sources say: `OPEN 1`. */
  pull(): string[] {
    const said: string[] = [];
    const write = ({ type, connection }: MessageHeader) => {
      const [name] = Object.entries(MessageType).find(([, value]) => value === type) ?? [];
      return said.push(`${name} ${connection}`) > 0;
    };
    for (const source of this.#sources) {
      this.#sources.delete(source);
      source.pull({ room: 60_000, reserve: () => undefined, write }, 16_384);
    }
    return said;
  }
}

const queues: Queue[] = [];
afterEach(() => {
  for (const queue of queues.splice(0)) queue.connections.stop();
});
function queue(): Queue {
  const made = new Queue();
  queues.push(made);
  return made;
}

test("what a lost session leaves unsaid is not said in the next one, whose numbers begin anew", () => {
  const leave: ((connections: TcpConnections) => void)[] = [
    (connections) => connections.intercept(new Socket(), from(40_000)),
    (connections) => connections.inquire(from(40_000), () => {}),
    (connections) => connections.inquire(from(40_000), () => {}).drop(MessageStatus.TIMEOUT),
    (connections) => connections.resetAll(MessageStatus.SHUTDOWN),
  ];
  for (let count = 1; count <= leave.length; count++) {
    const { connections, pull } = bound(queue());
    for (const act of leave.slice(0, count)) act(connections);
    connections.sessionLost();
    connections.intercept(new Socket(), from(40_000));
    assert.deepEqual(pull(), ["OPEN 1", "CREDIT 1"]);
    assert.deepEqual(pull(), []);
    assert.equal(connections.counts.open, 1);
  }
});

test("what a lost session leaves in the queue takes no number from who has it in the next one", () => {
  const { connections, pull } = bound(queue());
  connections.inquire(from(40_000), () => {});
  connections.sessionLost();
  const answers: number[] = [];
  connections.inquire(from(40_001), (status) => answers.push(status));
  assert.deepEqual(pull(), ["OPEN 1"]);
  connections.receive(
    {
      type: MessageType.OPENED,
      flags: 0,
      protocol: 6,
      connection: 1,
      sequence: 0,
      status: MessageStatus.OK,
      addresses: undefined,
    },
    Buffer.alloc(0),
  );
  assert.deepEqual(answers, [MessageStatus.OK]);
});

test("within a session it is said, in order", () => {
  const { connections, pull } = bound(queue());
  connections.inquire(from(40_000), () => {}).drop(MessageStatus.TIMEOUT);
  connections.intercept(new Socket(), from(40_001));
  connections.resetAll(MessageStatus.SHUTDOWN);
  assert.deepEqual(pull().sort(), ["OPEN 1", "RESET 1", "RESET 2"]);
  assert.equal(connections.counts.open, 0);
});

function bound(made: Queue): { connections: TcpConnections; pull: () => string[] } {
  return { connections: made.connections, pull: () => made.pull() };
}
