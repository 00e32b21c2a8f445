import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeRequest } from "./request.js";
import type { BulkReport, BulkTask } from "./task.js";

const READ_BYTES = 262_144;

/** @param mark told when the window begins and when it ends */
export async function bulk(task: BulkTask, mark: (what: "begin" | "end") => void): Promise<BulkReport> {
  const { address, port, connections, payload, startUp, seconds, stalled = 0 } = task;
  const request = encodeRequest({ bytes: null, payload });
  const counts = new Float64Array(connections);
  const firstByte: number[] = [];
  const buffer = Buffer.allocUnsafe(READ_BYTES); // of all: what comes is counted and forgotten
  let isStalled = false;
  let failed = 0;
  let failure: string | undefined;
  let over = false;
  const started = performance.now();
  const sockets = Array.from({ length: connections }, (_, index): Socket => {
    const callback = (length: number) => {
      if (counts[index] === 0) firstByte.push(performance.now() - started);
      counts[index]! += length;
      return !(isStalled && index < stalled);
    };
    const socket = connect({ host: address, port, onread: { buffer, callback } });
    socket.on("connect", () => socket.write(request));
    socket.on("error", (error) => {
      if (over) return;
      failed++;
      failure ??= error.message;
    });
    socket.on("end", () => {
      if (over) return;
      failed++;
      failure ??= "closed before its end";
    });
    return socket;
  });

  await sleep(startUp * 1000);
  mark("begin");
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const atBegin = counts.slice();
  await sleep((seconds * 1000) / 2);
  const atMiddle = counts.slice();
  isStalled = true;
  await sleep(begin + seconds * 1000 - performance.now());
  const end = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  const atEnd = counts.slice();
  mark("end");
  over = true;
  for (const socket of sockets) socket.destroy();
  return {
    bytes: [...atEnd.map((count, index) => count - atBegin[index]!)],
    firstHalf: [...atMiddle.map((count, index) => count - atBegin[index]!)],
    seconds: (end - begin) / 1000,
    cpu: (user + system) / 1e6,
    firstByte,
    failed,
    ...(failure === undefined ? {} : { failure }),
  };
}
