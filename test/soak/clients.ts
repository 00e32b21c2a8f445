/**
 * The soak's clients: `node dist/test/soak/clients.js ADDRESS PORT`. Told on standard input, a line of JSON each:
 *
 *     {"keep": N, "rate": R, "atOnce": A}  opens N connections that stay, R a second or as fast as A being opened allow
 *     {"turn": N, "atOnce": A}             opens, uses and closes N connections, A at a time
 *     {"busy": N, "rounds": M}             has N of those that stay send and receive, M times each
 *     {"drop": true}                       closes those that stay
 *     {"exchange": B}                      sends and receives B bytes at once, on one connection, checked by their hashes
 *
 * Each is answered by a line: how many went well, what went wrong and how often, and the milliseconds that it took.
 */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { exchangeAsClient } from "./exchange.js";

interface Task {
  readonly keep?: number;
  readonly rate?: number;
  readonly turn?: number;
  readonly atOnce?: number;
  readonly busy?: number;
  readonly rounds?: number;
  readonly drop?: boolean;
  readonly exchange?: number;
}

const [host, port] = process.argv.slice(2) as [string, string];
const kept: Socket[] = [];
const payload = Buffer.alloc(1000, "soak ");
let well = 0;
let errors: Record<string, number> = {};

function open(): Socket {
  return connect({ host, port: Number(port), noDelay: true });
}

/** Sends the payload and waits until as much has come back. */
function exchange(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = payload.length;
    const onData = (data: Buffer) => {
      missing -= data.length;
      if (missing > 0) return;
      socket.off("data", onData);
      socket.off("error", reject);
      socket.off("close", closed);
      resolve();
    };
    const closed = () => reject(Object.assign(new Error("closed"), { code: "closed" }));
    socket.on("data", onData).once("error", reject).once("close", closed);
    socket.write(payload);
  });
}

async function count(work: Promise<void>): Promise<void> {
  try {
    await work;
    well += 1;
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    errors[code] = (errors[code] ?? 0) + 1;
  }
}

async function keep(number: number, rate: number, atOnce: number): Promise<void> {
  const start = performance.now();
  const opening: Promise<void>[] = [];
  let done = 0;
  while (opening.length < number) {
    const due = Math.min(number, ((performance.now() - start) / 1000) * rate, done + atOnce);
    for (; opening.length < due; ) {
      const socket = open();
      kept.push(socket);
      opening.push(
        count(
          exchange(socket).then(() => {
            socket.on("error", () => {});
          }),
        ).then(() => {
          done += 1;
        }),
      );
    }
    await sleep(5);
  }
  await Promise.all(opening);
}

async function turn(number: number, atOnce: number): Promise<void> {
  let left = number;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const socket = open();
      await count(exchange(socket));
      socket.on("error", () => {}).end();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

async function busy(number: number, rounds: number): Promise<void> {
  const one = async (socket: Socket) => {
    for (let i = 0; i < rounds; i += 1) await count(exchange(socket));
  };
  await Promise.all(kept.slice(0, number).map(one));
}

/** With the server's other port. */
async function bothWays(bytes: number): Promise<void> {
  const socket = connect({ host, port: Number(port) + 1, allowHalfOpen: true });
  await count(exchangeAsClient(socket, bytes));
  socket.destroy();
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task;
  const start = performance.now();
  well = 0;
  errors = {};
  if (task.keep !== undefined) await keep(task.keep, task.rate ?? 1000, task.atOnce ?? 2000);
  if (task.turn !== undefined) await turn(task.turn, task.atOnce ?? 100);
  if (task.busy !== undefined) await busy(task.busy, task.rounds ?? 1);
  if (task.exchange !== undefined) await bothWays(task.exchange);
  if (task.drop) for (const socket of kept.splice(0)) socket.destroy();
  console.log(JSON.stringify({ well, errors, milliseconds: Math.round(performance.now() - start) }));
}
process.exit();
