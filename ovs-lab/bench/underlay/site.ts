/**
 * One site without a switch, a process of its own: edges, packet driver and mover. Applications connect to LISTEN on
 * loopback, and the far site connects to TO there.
 *
 *     node site.js OWN-ADDRESS PEER-ADDRESS UDP-PORT LISTEN TO
 *
 * In the environment: BENCH_ENCRYPTION=off, to see what encryption costs.
 */
import { randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { addressBytes, addressText } from "../../../driver/ip-address.js";
import { KEY_BYTES, KeyPair } from "../../../driver/security/index.js";
import { openDataSide } from "../../../plugin/data-side.js";
import { EdgeMemory, plainClass, TcpConnections } from "../../../plugin/edge/tcp/index.js";

const LOOPBACK = "127.0.0.1";
const [address = "", peer = "", udp, listen, to] = process.argv.slice(2);
const port = Number(udp);

/** Both sites have the same: it is about what sealing costs. */
const keys = KeyPair.fromPrivate(Buffer.alloc(KEY_BYTES, 7));
const dataSide = await openDataSide({ family: "ipv4", address, port, mark: undefined, streams: false });
const transport = dataSide.connect(
  { address: peer, port },
  {
    site: address,
    bootId: randomBytes(8).readBigUInt64BE(),
    onMessage: (header, data) => connections.receive(header, data),
    bufferSize: 65_536,
    security:
      process.env["BENCH_ENCRYPTION"] === "off"
        ? "off"
        : { privateKey: keys.privateBytes(), peerKey: keys.publicKey },
  },
);
const trafficClass = plainClass(15_000);
const connections = new TcpConnections({
  ready: (source) => transport.ready(source),
  now: () => performance.now(),
  rtt: () => transport.rtt || 100,
  creditMaximum: 64 * 1024 * 1024,
  memory: new EdgeMemory(512 * 1024 * 1024),
  connectTimeout: 5000,
  trafficClass: () => trafficClass,
  dial: ({ addresses, onread }) =>
    connect({
      host: addressText(addresses.destination),
      port: addresses.destinationPort,
      allowHalfOpen: true,
      noDelay: true,
      onread,
    }),
});
transport.on("down", () => connections.sessionLost());
// Whoever sees it listen knows that the session is up.
transport.once("up", () => {
  createServer({ allowHalfOpen: true, noDelay: true }, (accepted) => {
    connections.intercept(accepted, {
      addresses: {
        source: addressBytes(LOOPBACK),
        sourcePort: accepted.remotePort ?? 0,
        destination: addressBytes(LOOPBACK),
        destinationPort: Number(to),
      },
      trafficClass,
      dscp: 0,
    });
  }).listen(Number(listen), LOOPBACK);
});
transport.start();
