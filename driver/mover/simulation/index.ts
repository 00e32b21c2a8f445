export { SimulatedClock } from "./clock.js";
export { type Conditions, PERFECT } from "./conditions.js";
export { type PipeCounters, SimulatedPipe } from "./pipe.js";
export { SeededRandom } from "./random.js";
export {
  SimulatedLink,
  type SimulatedLinkOptions,
  type SimulatedPathOptions,
  simulatedPath,
} from "./simulated-link.js";
export { SimulatedStream, type SimulatedStreamEnd } from "./simulated-stream.js";
