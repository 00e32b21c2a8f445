import { type Action, type Connection, type PacketIn, Port, packetOut } from "openflow-ts";
import { decodeCookie, FlowKind } from "../pipeline/index.js";

/** A packet that the switch has handed to us: a connection's first one instead of taking it or letting it go, or a copy. */
export interface HeldPacket {
  /**
   * `take`: only its translation is missing. `confirm`: the far edge is to be asked first. `refuse`: its peer is down.
   * `error`: the copy of an ICMP error, which may be about a connection of ours.
   */
  readonly wanted: "take" | "confirm" | "refuse" | "error";
  /** Number of the peer; 0 where there is none to be asked. */
  readonly peer: number;
  /** OpenFlow number of the port that it came by. */
  readonly port: number;
  /** The Ethernet frame. */
  readonly frame: Uint8Array;
}

const WANTED: ReadonlyMap<FlowKind, HeldPacket["wanted"]> = new Map([
  [FlowKind.TAKE, "take"],
  [FlowKind.CONFIRM, "confirm"],
  [FlowKind.REFUSE, "refuse"],
  [FlowKind.ERROR, "error"],
]);

/** `OFPR_ACTION` (OpenFlow 1.5.1 §7.4.1 calls it `OFPR_APPLY_ACTION`) as a bit of the asynchronous configuration. */
const BY_ACTION = 1 << 1;

/** Numbers of connections are 16 bits that all controllers of a bridge share; others mostly have 0. */
const FIRST_CONTROLLER_ID = 0x5450;

/** The number by which our flows name our connection. */
export function controllerId(instance: number): number {
  return FIRST_CONTROLLER_ID + instance;
}

/** The packets that our flows hand to us, and what we send in answer. */
export class HeldPackets {
  readonly #connection: Connection;
  readonly #instance: number;

  constructor(connection: Connection, instance: number, receive: (packet: HeldPacket) => void) {
    this.#connection = connection;
    this.#instance = instance;
    connection.on("packet_in", (message) => {
      const packet = this.#read(message);
      if (packet !== undefined) receive(packet);
    });
  }

  /**
   * Has the switch send us what our flows hand to us, and nothing else: no packets that are meant for other controllers,
   * nor news of ports or flows. A service connection gets packets only once its miss_send_len is not 0 (OVS
   * `connmgr.c`, `ofconn_receives_async_msg`); the message for that also says what becomes of fragments on the whole
   * bridge, which stays as it is.
   */
  async subscribe(): Promise<void> {
    const { flags } = await this.#connection.request({ type: "get_config_request" });
    this.#connection.send({ type: "nx_set_controller_id", controller: controllerId(this.#instance) });
    const none = {
      packetInSlave: 0,
      portStatus: 0,
      portStatusSlave: 0,
      flowRemoved: 0,
      flowRemovedSlave: 0,
      roleStatus: 0,
      roleStatusSlave: 0,
      tableStatus: 0,
      tableStatusSlave: 0,
      requestForward: 0,
      requestForwardSlave: 0,
    };
    this.#connection.send({ type: "set_async", masks: { packetIn: BY_ACTION, ...none } });
    await this.#connection.request({ type: "set_config", flags, missSendLength: 0xffff });
  }

  /** Has the switch do `actions` with a held packet. Without a connection it is lost, as a packet may be. */
  send(packet: HeldPacket, frame: Uint8Array, actions: readonly Action[]): void {
    if (this.#connection.version !== undefined) this.#connection.send(packetOut(frame, actions, packet.port));
  }

  /** Sends a frame back by the port that the packet came by. */
  answer(packet: HeldPacket, frame: Uint8Array): void {
    this.send(packet, frame, [{ type: "output", port: Port.IN_PORT, maxLength: 0 }]);
  }

  #read({ cookie, match, data }: PacketIn): HeldPacket | undefined {
    const ours = decodeCookie(cookie);
    const port = match.find(({ field }) => field === "in_port");
    if (ours?.instance !== this.#instance || port === undefined || port.field === "unknown") return undefined;
    const { kind, peer } = ours;
    const wanted = WANTED.get(kind);
    if (wanted === undefined) return undefined;
    return { wanted, peer, port: Number(port.value), frame: data };
  }
}
