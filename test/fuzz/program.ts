/**
 * One side of many connections: `node dist/test/fuzz/program.js ROLE ADDRESS PORT FIRST-PORT COUNT AT-ONCE`. Prints
 * "listening" if it is the server, and for each connection its number, which the client's port tells, when it begins, and
 * with how it went when it is over; each a line of JSON.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { randomOf } from "../edge/pair.js";
import { Application, type Outcome } from "./application.js";
import { Content } from "./content.js";

const [role, host, ...numbers] = process.argv.slice(2);
const [port = 0, firstPort = 0, count = 0, atOnce = 1] = numbers.map(Number);

/** Of a client whose server has reset the connection before this process had been told that it stands. */
const unconnected = (error: string): Outcome => ({
  ...{ tried: 0, ended: false, left: undefined, heard: 0, wrong: undefined, heardEnd: false },
  error,
});

async function play(socket: Socket, number: number): Promise<void> {
  const client = new Content(number, "client");
  const server = new Content(number, "server");
  const application =
    role === "client"
      ? new Application(socket, randomOf(2 * number), client, server)
      : new Application(socket, randomOf(2 * number + 1), server, client);
  console.log(JSON.stringify({ number }));
  console.log(JSON.stringify({ number, outcome: await application.run() }));
}

if (role === "server") {
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    play(socket, (socket.remotePort ?? 0) - firstPort);
  }).listen({ host, port, backlog: 1024 }, () => console.log(JSON.stringify("listening")));
} else {
  let next = 0;
  const some = async () => {
    while (next < count) {
      const number = next++;
      const localPort = firstPort + number;
      const socket = connect({ host: host!, port, localPort, allowHalfOpen: true, noDelay: true });
      const error = await once(socket, "connect").then(
        () => undefined,
        ({ code }: NodeJS.ErrnoException) => code ?? "an error",
      );
      if (error === undefined) await play(socket, number);
      else {
        console.log(JSON.stringify({ number }));
        console.log(JSON.stringify({ number, outcome: unconnected(error) }));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, some));
}
