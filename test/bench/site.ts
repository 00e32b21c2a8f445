/**
 * One site of the bench in link.ts, a process of its own: applications connect to `--listen` on loopback, and the far
 * site connects to its own `--to` there.
 *
 *     node dist/test/bench/site.js FORM ADDRESS PORT PEER-ADDRESS LISTEN TO
 */

import { randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { bind, setOption, socket } from "../../driver/ffi/index.js";
import {
  DataWorker,
  DgramPort,
  LocalTransport,
  type Transport,
  type TransportOptions,
} from "../../driver/index.js";
import { addressBytes, addressText } from "../../driver/ip-address.js";
import { EdgeMemory, TcpConnections } from "../../plugin/edge/tcp/index.js";

const SOCKET_BUFFER = 4 * 1024 * 1024;

const [form, address, port, peerAddress, listen, to] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const fd = socket("ipv4", "datagram");
setOption(fd, "receiveBufferForce", SOCKET_BUFFER);
setOption(fd, "sendBufferForce", SOCKET_BUFFER);
bind(fd, { address, port: Number(port) });
const transport = await open(form, {
  site: address,
  bootId: randomBytes(8).readBigUInt64BE(),
  onMessage: (header, data) => connections.receive(header, data),
  bufferSize: 65_536,
});
const connections = new TcpConnections({
  ready: (source) => transport.ready(source),
  now: () => performance.now(),
  rtt: () => transport.rtt || 100,
  creditMaximum: 64 * 1024 * 1024,
  memory: new EdgeMemory(512 * 1024 * 1024),
  connectTimeout: 5000,
  dial: (addresses) =>
    connect({
      host: addressText(addresses.destination),
      port: addresses.destinationPort,
      allowHalfOpen: true,
      noDelay: true,
    }),
});
transport.on("up", () => process.send?.("up"));
transport.on("down", () => connections.sessionLost());
transport.start();
createServer({ allowHalfOpen: true, noDelay: true }, (accepted) => {
  connections.intercept(accepted, {
    source: addressBytes("127.0.0.1"),
    sourcePort: accepted.remotePort ?? 0,
    destination: addressBytes("127.0.0.1"),
    destinationPort: Number(to),
  });
}).listen(Number(listen), "127.0.0.1");
process.on("message", () => process.send?.({ stats: { ...transport.stats(), peer: undefined } }));
process.on("disconnect", () => process.exit());
process.on("SIGTERM", () => process.exit());

async function open(kind: string, options: TransportOptions): Promise<Transport> {
  const peer = { address: peerAddress, port: Number(port) };
  if (kind === "worker") return (await DataWorker.open({ fd, family: "ipv4" })).transport(peer, options);
  if (kind !== "dgram") throw new Error(`form "${kind}": dgram or worker expected`);
  const udp = await DgramPort.open({ fd });
  return new LocalTransport({ ...options, link: udp.link(peer) });
}
