/**
 * The soak's server: `node dist/test/soak/server.js ADDRESS PORT`. It sends back what it gets; at the next port it has a
 * side of its own in an exchange (exchange.ts).
 */
import { createServer } from "node:net";
import { exchangeAsServer } from "./exchange.js";

const [address, port] = process.argv.slice(2);
const backlog = 4096;
createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
}).listen({ host: address, port: Number(port), backlog });
createServer({ allowHalfOpen: true }, (socket) => {
  // What the client has of it tells.
  exchangeAsServer(socket).catch(() => socket.destroy());
}).listen({ host: address, port: Number(port) + 1, backlog });
