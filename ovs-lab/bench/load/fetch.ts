import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeRequest } from "./request.js";
import type { FetchReport, FetchTask } from "./task.js";

interface Outcome {
  readonly bytes: number;
  readonly time: number;
  readonly failure?: string;
}

export async function fetch(task: FetchTask): Promise<FetchReport> {
  const times: number[] = [];
  const stopped: number[] = [];
  const failures: string[] = [];
  for (let turn = 0; turn < task.count; turn++) {
    if (turn > 0) await sleep(task.pause);
    const { bytes, time, failure } = await one(task);
    if (bytes === task.size) times.push(time);
    else if (failure === undefined) stopped.push(bytes);
    else failures.push(failure);
  }
  const [failure] = failures;
  return { times, stopped, failed: failures.length, ...(failure === undefined ? {} : { failure }) };
}

/** From before the connection is opened to the last byte. */
function one({ address, port, size, payload, limit }: FetchTask): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now();
    let bytes = 0;
    const socket = connect({ host: address, port, noDelay: true });
    const end = (failure?: string) => {
      clearTimeout(timer);
      resolve({ bytes, time: performance.now() - started, ...(failure === undefined ? {} : { failure }) });
      socket.destroy();
    };
    const timer = setTimeout(end, limit);
    socket
      .on("connect", () => socket.write(encodeRequest({ bytes: size, payload })))
      .on("data", (chunk) => {
        bytes += chunk.length;
        if (bytes >= size) end();
      })
      .on("error", (error) => end(error.message))
      .on("end", () => end("closed before its end"));
  });
}
