import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { setTimerSlack } from "../../driver/ffi/index.js";
import { type DirectedParameters, Lane, type LaneConfiguration, type PipeReport } from "./lane.js";

/** What the emulator asks of a lane. Each is answered with the lane's report, in order. */
export type LaneRequest =
  | { readonly op: "set"; readonly pipes: readonly DirectedParameters[] }
  | { readonly op: "link"; readonly up: boolean }
  | { readonly op: "report"; readonly reset: boolean };

export type LaneAnswer = readonly PipeReport[];

// This thread never returns to its event loop: messages are picked up when the wake descriptor says so.
const port = parentPort!;
setTimerSlack(1);
const lane = new Lane(workerData as LaneConfiguration);
lane.run(() => {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: LaneRequest } | undefined;
    if (received === undefined) return true;
    const request = received.message;
    if (request.op === "set") for (const pipe of request.pipes) lane.setParameters(pipe);
    if (request.op === "link") lane.setUp(request.up);
    const answer: LaneAnswer = lane.report(request.op === "report" && request.reset);
    port.postMessage(answer);
  }
});
