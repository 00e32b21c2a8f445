import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import {
  bind,
  close,
  DatagramSocket,
  drain,
  eventDescriptor,
  getOption,
  inNetworkNamespace,
  listen,
  localEndpoint,
  openTun,
  Poller,
  Region,
  read,
  SystemError,
  setOption,
  signal,
  socket,
  write,
} from "../../driver/ffi/index.js";

const MILLISECOND = 1e6;

test("a region's end is its end", () => {
  const region = new Region(4096);
  const fd = eventDescriptor();
  assert.throws(() => read(fd, region, 4090, 8), RangeError);
  assert.throws(() => write(fd, region, -1, 8), RangeError);
  region.free();
  assert.throws(() => read(fd, region, 0, 8), RangeError);
  close(fd);
});

test("a signal wakes whoever polls, until it is drained", () => {
  const fd = eventDescriptor();
  const poller = new Poller([fd]);
  assert.equal(poller.wait(MILLISECOND), 0);
  signal(fd);
  assert.equal(poller.wait(1000 * MILLISECOND), 1);
  assert.equal(poller.readable(0), true);
  drain(fd);
  assert.equal(poller.wait(MILLISECOND), 0);
  close(fd);
});

test("a descriptor that is left out of account wakes nobody, until it is watched again", () => {
  const fd = eventDescriptor();
  const poller = new Poller([fd]);
  signal(fd);
  for (const wanted of [false, false, true, true]) {
    poller.watch(0, wanted);
    assert.equal(poller.wait(0), wanted ? 1 : 0);
    assert.equal(poller.readable(0), wanted);
  }
  poller.free();
  close(fd);
});

test("what a system call says is in the error", () => {
  const fd = socket("ipv4", "stream");
  bind(fd, { address: "127.0.0.1", port: 0 });
  listen(fd, 1);
  const other = socket("ipv4", "stream");
  const taken = localEndpoint(fd);
  assert.throws(
    () => bind(other, taken),
    (error) =>
      error instanceof SystemError &&
      error.code === "EADDRINUSE" &&
      error.message.includes(`127.0.0.1:${taken.port}`),
  );
  close(fd);
  close(other);
  assert.throws(() => close(fd), { code: "EBADF" });
  assert.throws(() => inNetworkNamespace("/run/netns/there-is-none", () => 1), { code: "ENOENT" });
  assert.throws(() => openTun({ name: "a-name-that-is-too-long", mode: "tap" }), RangeError);
});

test("options are set and read", () => {
  const fd = socket("ipv6", "datagram");
  setOption(fd, "mark", 77);
  assert.equal(getOption(fd, "mark"), 77);
  bind(fd, { address: "::1", port: 0 });
  assert.equal(localEndpoint(fd).address, "::1");
  close(fd);
});

function datagramSocket(coalesce: boolean): DatagramSocket {
  const fd = socket("ipv4", "datagram");
  if (coalesce) setOption(fd, "udpReceiveOffload", 1);
  setOption(fd, "receiveBufferForce", 4 << 20);
  bind(fd, { address: "127.0.0.1", port: 0 });
  return new DatagramSocket(fd);
}

/** Waits for `bytes` bytes and returns the datagrams. */
function receiveAll(from: DatagramSocket, bytes: number): Buffer[] {
  const poller = new Poller([from.fd]);
  const datagrams: Buffer[] = [];
  for (let left = bytes; left > 0; ) {
    assert.notEqual(poller.wait(2000 * MILLISECOND), 0, `${left} bytes are missing`);
    const count = from.receive();
    assert.ok(count > 0, `receive: ${count}`);
    for (let i = 0; i < count; i++) {
      const size = from.segmentSize(i);
      for (let at = 0; at < from.length(i); at += size) {
        const end = Math.min(at + size, from.length(i));
        datagrams.push(Buffer.from(from.received.bytes.subarray(from.offset(i) + at, from.offset(i) + end)));
      }
      left -= from.length(i);
    }
  }
  return datagrams;
}

for (const coalesce of [false, true]) {
  test(`a run of datagrams goes by one call and arrives cut up ${coalesce ? "(receive offload)" : "(singly)"}`, () => {
    const to = datagramSocket(coalesce);
    const from = datagramSocket(false);
    const region = new Region(65_536);
    for (let i = 0; i < region.length; i++) region.bytes[i] = (i * 7) >> 3;
    const destination = from.destination(localEndpoint(to.fd));
    const length = 40 * 1400 + 333;
    assert.equal(from.send(destination, region, 100, length, 1400), length);
    assert.equal(from.send(destination, region, 0, 99, 1400), 99);
    const datagrams = receiveAll(to, length + 99);
    assert.deepEqual(
      datagrams.map((datagram) => datagram.length),
      [...Array(40).fill(1400), 333, 99],
    );
    assert.ok(Buffer.concat(datagrams.slice(0, 41)).equals(region.bytes.subarray(100, 100 + length)));
    assert.equal(to.receive(), 0);
    from.close();
    to.close();
  });
}

test("the sender's address comes with a datagram, and too large a one is refused", async () => {
  const to = datagramSocket(true);
  const from = createSocket("udp4").bind(0, "127.0.0.1");
  await once(from, "listening");
  await new Promise((sent) => from.send("hello", localEndpoint(to.fd).port, "127.0.0.1", sent));
  assert.deepEqual(receiveAll(to, 5), [Buffer.from("hello")]);
  assert.deepEqual(to.source(0), { address: "127.0.0.1", port: from.address().port });
  const region = new Region(65_536);
  const EMSGSIZE = 90;
  assert.equal(
    to.send(to.destination({ address: "127.0.0.1", port: 9 }), region, 0, 65_520, 65_520),
    -EMSGSIZE,
  );
  from.close();
  to.close();
});
