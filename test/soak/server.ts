/** The soak's server: `node dist/test/soak/server.js ADDRESS PORT`. It sends back what it gets. */
import { createServer } from "node:net";

const [address, port] = process.argv.slice(2);
createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
}).listen({ host: address, port: Number(port), backlog: 4096 });
