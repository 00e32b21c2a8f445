import { connect } from "node:net";
import { encodeRequest } from "./request.js";
import type { OpenReport, OpenTask } from "./task.js";

interface Times {
  readonly connect: number;
  readonly firstByte: number;
}

export async function open(task: OpenTask): Promise<OpenReport> {
  const { oneByOne, atOnce, seconds } = task;
  const failures: string[] = [];
  const once = async (): Promise<Times | undefined> => {
    const outcome = await one(task);
    if (typeof outcome !== "string") return outcome;
    failures.push(outcome);
    return undefined;
  };
  const times: Times[] = [];
  for (let turn = 0; turn < oneByOne; turn++) {
    const each = await once();
    if (each !== undefined) times.push(each);
  }
  let done = 0;
  const until = performance.now() + seconds * 1000;
  const again = async () => {
    while (performance.now() < until) if ((await once()) !== undefined) done++;
  };
  await Promise.all(Array.from({ length: atOnce }, again));
  const [failure] = failures;
  return {
    connect: times.map((each) => each.connect),
    firstByte: times.map((each) => each.firstByte),
    perSecond: done / seconds,
    failed: failures.length,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** One connection, until it has its one byte; or what became of it. */
function one({ address, port }: OpenTask): Promise<Times | string> {
  return new Promise((resolve) => {
    const started = performance.now();
    let connected = 0;
    const socket = connect({ host: address, port, noDelay: true });
    socket
      .on("connect", () => {
        connected = performance.now() - started;
        socket.write(encodeRequest({ bytes: 1, payload: "random" }));
      })
      .on("data", () => {
        resolve({ connect: connected, firstByte: performance.now() - started });
        socket.destroy();
      })
      .on("error", (error) => resolve(error.message))
      .on("end", () => resolve("closed before its end"));
  });
}
