import { once } from "node:events";
import { rmSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { eventDescriptor, inNetworkNamespace, openTun, signal } from "../../driver/ffi/index.js";
import { hurry } from "../priority.js";
import { type ControlRequest, type EmulatorReport, serveControl } from "./control.js";
import type { DirectedParameters, LaneConfiguration } from "./lane.js";
import type { LaneAnswer, LaneRequest } from "./lane-thread.js";

/** The emulator's command line: this, as JSON, as its one argument. */
export interface EmulatorConfiguration {
  /** Path of the Unix socket to be controlled by. */
  readonly control: string;
  readonly seed: number;
  /** The interface that each router gets. */
  readonly device: string;
  /** `namespace` is a path such as /run/netns/NAME; `address` the Ethernet address that the interface will have. */
  readonly routers: readonly { readonly namespace: string; readonly address: string }[];
  readonly pipes: readonly DirectedParameters[];
}

/** A lane's thread (one a router), seen from the main thread: requests go one at a time, since answers bear no number. */
class LaneHandle {
  readonly #worker: Worker;
  readonly #wake = eventDescriptor();
  #last: Promise<unknown> = Promise.resolve();

  constructor(configuration: Omit<LaneConfiguration, "wake">) {
    const workerData: LaneConfiguration = { ...configuration, wake: this.#wake };
    this.#worker = new Worker(new URL("./lane-thread.js", import.meta.url), { workerData });
    this.#worker.on("error", (error) => {
      console.error(`a lane failed: ${error.stack ?? error.message}`);
      process.exit(1);
    });
  }

  ask(request: LaneRequest): Promise<LaneAnswer> {
    const answer = this.#last.then(async () => {
      const message = once(this.#worker, "message");
      this.#worker.postMessage(request);
      signal(this.#wake);
      const [lane] = (await message) as [LaneAnswer];
      return lane;
    });
    this.#last = answer;
    return answer;
  }
}

class Emulator {
  readonly #lanes: readonly LaneHandle[];
  #up = true;

  constructor({ routers, device, pipes, seed }: EmulatorConfiguration) {
    const taps = routers.map(({ namespace, address }) => ({
      fd: inNetworkNamespace(namespace, () => openTun({ name: device, mode: "tap" }).fd),
      address,
    }));
    this.#lanes = routers.map((_, from) => {
      const own = pipes.filter((pipe) => pipe.from === from);
      return new LaneHandle({ taps, pipes: own, seed });
    });
  }

  async handle(request: ControlRequest): Promise<EmulatorReport> {
    if (request.op === "link") this.#up = request.up;
    const answers = await Promise.all(this.#lanes.map((lane) => lane.ask(request)));
    return { up: this.#up, pipes: answers.flat() };
  }
}

hurry(); // before the lanes, whose threads inherit it
const configuration = JSON.parse(process.argv[2]!) as EmulatorConfiguration;
const emulator = new Emulator(configuration);
rmSync(configuration.control, { force: true });
serveControl(configuration.control, (request) => emulator.handle(request));
