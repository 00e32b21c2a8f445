/**
 * One site of the bench in link.ts, a process of its own: applications connect to `--listen` on loopback, and the far
 * site connects to its own `--to` there.
 *
 *     node dist/test/bench/site.js FORM ADDRESS PORT PEER-ADDRESS LISTEN TO
 */

import { randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { addressBytes, addressText } from "../../driver/ip-address.js";
import { openDataSide, openDataSideHere } from "../../plugin/data-side.js";
import { EdgeMemory, TcpConnections } from "../../plugin/edge/tcp/index.js";

const [form, address, port, peerAddress, listen, to] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const rate = process.env["BENCH_RATE"];
const openForm = form === "worker" ? openDataSide : openDataSideHere;
const dataSide = await openForm({
  family: "ipv4",
  address,
  port: Number(port),
  mark: undefined,
  streams: false,
});
const transport = dataSide.connect(
  { address: peerAddress, port: Number(port) },
  {
    site: address,
    bootId: randomBytes(8).readBigUInt64BE(),
    onMessage: (header, data) => connections.receive(header, data),
    bufferSize: 65_536,
    ...(rate === undefined ? {} : { rate: { mode: "adaptive", start: Number(rate) * 1e9 } }),
  },
);
const connections = new TcpConnections({
  ready: (source) => transport.ready(source),
  now: () => performance.now(),
  rtt: () => transport.rtt || 100,
  creditMaximum: 64 * 1024 * 1024,
  memory: new EdgeMemory(512 * 1024 * 1024),
  connectTimeout: 5000,
  dial: (addresses, onread) =>
    connect({
      host: addressText(addresses.destination),
      port: addresses.destinationPort,
      allowHalfOpen: true,
      noDelay: true,
      onread,
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
