import { connect } from "node:net";
import { encodeRequest, QUESTION_BYTES } from "./request.js";
import type { ExchangeReport, ExchangeTask } from "./task.js";

export function exchange({ address, port, pause, seconds }: ExchangeTask): Promise<ExchangeReport> {
  return new Promise((resolve) => {
    const times: number[] = [];
    const question = Buffer.alloc(QUESTION_BYTES, "?");
    let asked = 0;
    let held = 0;
    const socket = connect({ host: address, port, noDelay: true });
    const end = (failure?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({
        times,
        failed: failure === undefined ? 0 : 1,
        ...(failure === undefined ? {} : { failure }),
      });
    };
    const timer = setTimeout(end, seconds * 1000);
    const ask = () => {
      asked = performance.now();
      socket.write(question);
    };
    socket
      .on("connect", () => {
        socket.write(encodeRequest({ bytes: 0, payload: "random" }));
        ask();
      })
      .on("data", (chunk) => {
        held += chunk.length;
        if (held < QUESTION_BYTES) return;
        held -= QUESTION_BYTES;
        times.push(performance.now() - asked);
        setTimeout(ask, pause);
      })
      .on("error", (error) => end(error.message))
      .on("end", () => end("closed before its end"));
  });
}
