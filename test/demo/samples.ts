import type { Run } from "../../ovs-lab/demo/result.js";

const nothing = { mover: 0, connection: 0, other: 0, missed: 0 };
const sha256 = "ab".repeat(32);

const common: Omit<Run, "capture" | "path" | "congestion_control_wanted"> = {
  file: "data",
  congestion_control: "cubic",
  client_node: "a-host1",
  server_node: "b-host1",
  size: 200e6,
  bytes: 200e6,
  seconds: 20,
  seconds_to_first_byte: 0.2,
  stopped: false,
  mbit_s: 80,
  sha256,
  sha256_expected: sha256,
  client_address: "10.1.0.11:40000",
  client_address_at_server: "10.1.0.11:40000",
  samples: [
    { seconds: 0, bytes: 0 },
    { seconds: 10, bytes: 100e6 },
    { seconds: 20, bytes: 200e6 },
  ],
  wan: [
    {
      from: "a",
      to: "b",
      frames: 1000,
      lost: 10,
      queueFull: 0,
      overrun: 0,
      refused: 0,
      notTaken: 0,
      lateness: { mean: 0.1, p99: 0.5, max: 2 },
    },
  ],
  cpu_seconds: { "plugin a": 1 },
};

/** A download through ovs-tpo in which everything was as it should be. */
export function optimizedRun(changes: Partial<Run> = {}): Run {
  const capture = { first: { ...nothing, mover: 2000 }, hosts: nothing };
  return { ...common, path: "ovs-tpo", congestion_control_wanted: "cubic", capture, ...changes };
}

/** A direct download in which everything was as it should be. */
export function directRun(congestionControl: "cubic" | "bbr", changes: Partial<Run> = {}): Run {
  return {
    ...common,
    path: "direct",
    congestion_control: congestionControl,
    congestion_control_wanted: congestionControl,
    client_node: "a-host2",
    server_node: "b-host2",
    capture: {
      first: { ...nothing, mover: 10, connection: 1990 },
      hosts: { ...nothing, connection: 1000 },
    },
    ...changes,
  };
}
