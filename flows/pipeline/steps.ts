import { type Action, type LearnAction, NO_BUFFER_LENGTH } from "openflow-ts";
import type { Family } from "../table/index.js";
import { encodeCookie, FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import type { Lan } from "./lans.js";
import { TABLE_ZERO, type TableName, tableNumber } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import { Register } from "./register.js";
import { learnMatch, learnSpecs } from "./tcp.js";

const LEARNED_PRIORITY = 1;

/** Seconds without a packet after which a 5-tuple may be taken that was to pass: a SYN that got no answer comes again. */
const PASS_SECONDS = 10;
/** What `bundle_load` writes where no member is live (OVS `ofp-port.h`, `OFP_PORT_C(NONE)`, 16 bits). */
const NO_CANARY = 0xffffn;

export interface LearnedConnection {
  readonly family: Family;
  /** Number of the peer, 0 where it is not known. */
  readonly peer?: number;
  /** The flow is for the answers to the packet. */
  readonly reversed?: boolean;
  /** Seconds. */
  readonly idle: number;
}

/** What the flows of the pipeline do, in the terms of docs/pipeline.md. */
export class Steps {
  readonly register: Register;
  /** Looks the packet up in table 0 again, where our flows now step aside. */
  readonly letGo: readonly Action[];
  /** Sends the packet to the plugin's port in its LAN. */
  readonly deliver: readonly Action[];
  /** Sends the packet to the plugin, in the form in which it takes packets. */
  readonly take: readonly Action[];
  /** Hands the packet to the controller: our connection alone gets it, by its number. */
  readonly hand: readonly Action[];
  readonly #input: PipelineInput;

  constructor(input: PipelineInput) {
    this.#input = input;
    this.register = new Register(input.layout.register);
    this.letGo = [this.register.assign({ done: 1 }), { type: "resubmit", table: TABLE_ZERO }];
    const [lan, ...more] = input.lans;
    this.deliver = more.length > 0 ? [this.resubmit("deliver")] : this.deliverTo(lan!);
    this.hand = [
      { type: "controller", maxLength: NO_BUFFER_LENGTH, controller: input.controllerId, reason: BY_ACTION },
    ];
    this.take = input.rewrite ? [this.resubmit("rewrite")] : this.deliver;
  }

  /** The cookie of a flow that we install to stay. */
  cookie(kind: FlowKind, peer = 0): bigint {
    return encodeCookie({ instance: this.#input.instance, kind, round: 0, peer });
  }

  /** The cookie of a flow that comes and goes. */
  cookieOfRound(kind: FlowKind, peer = 0): bigint {
    const { instance, round } = this.#input;
    return encodeCookie({ instance, kind, round, peer });
  }

  /** Sends the packet to the plugin's port in that LAN, where frames have no tag. */
  deliverTo({ ofport, mac, vlan }: Lan): Action[] {
    return [
      ...(vlan === undefined ? [] : [UNTAG]),
      { type: "set_field", field: { field: "eth_dst", value: mac } },
      { type: "output", port: ofport, maxLength: 0 },
    ];
  }

  resubmit(table: TableName): Action {
    return { type: "resubmit", table: tableNumber(this.#input.layout, table) };
  }

  /** The packet's connection is one that is being steered from now on, or is none (`known` = 0). */
  learn(known: 0 | 1, { family, peer = 0, reversed = false, idle }: LearnedConnection): LearnAction {
    return {
      ...this.#learned(FlowKind.CONNECTION, peer, "connections"),
      idleTimeout: idle,
      finIdleTimeout: this.#input.timeouts.finIdle,
      specs: learnSpecs(family, reversed, this.register, known),
    };
  }

  /** Takes a SYN, and what comes after it. */
  takeFrom(family: Family, peer: number): Action[] {
    return [this.learn(1, { family, peer, idle: this.#input.timeouts.idle }), ...this.take];
  }

  /** Lets a SYN go, and what comes after it. */
  abandon(family: Family): Action[] {
    return [this.learn(0, { family, idle: this.#input.timeouts.idle }), ...this.letGo];
  }

  /** Lets a SYN go, and has its 5-tuple pass as if the plugin were not there. */
  pass(family: Family): Action[] {
    const { bits, ...canary } = this.register.part("canary");
    const mark: LearnAction = {
      ...this.#learned(FlowKind.CONNECTION, 0, "connections"),
      idleTimeout: PASS_SECONDS,
      specs: [...learnMatch(family, false), { kind: "load", bits, value: NO_CANARY, to: canary }],
    };
    return [mark, ...this.letGo];
  }

  /** A sign of life: new connections are taken for so many seconds more. */
  lease(seconds: number): LearnAction {
    const { bits, ...alive } = this.register.part("alive");
    return {
      ...this.#learned(FlowKind.LEASE, 0, "lease"),
      hardTimeout: seconds,
      specs: [{ kind: "load", bits, value: 1n, to: alive }],
    };
  }

  /**
   * The flow that `lease` leaves, to be put there by hand. Where `learn` makes a flow anew, and nothing else changes, OVS
   * 3.1 goes on with what its datapath has cached; a flow mod it follows at once. Word for word the same, so that the next
   * `lease` only renews it.
   */
  leaseFlow(seconds: number): Flow {
    const { table, priority, cookie, hardTimeout } = this.lease(seconds);
    return { ...flow(table, priority, cookie, [], apply(this.register.set({ alive: 1 }))), hardTimeout };
  }

  /** Writes the canary's number into the register, or 0xffff while its link is down. */
  lookAtCanary(): Action {
    return {
      type: "bundle_load",
      fields: 0,
      basis: 0,
      algorithm: ACTIVE_BACKUP,
      memberType: MEMBER_IS_PORT,
      ports: [this.#input.canary],
      destination: this.register.part("canary"),
    };
  }

  #learned(kind: FlowKind, peer: number, table: TableName): LearnAction {
    const { layout } = this.#input;
    return {
      type: "learn",
      table: tableNumber(layout, table),
      priority: LEARNED_PRIORITY,
      cookie: this.cookieOfRound(kind, peer),
      idleTimeout: 0,
      hardTimeout: 0,
      finIdleTimeout: 0,
      finHardTimeout: 0,
      flags: 0,
      specs: [],
    };
  }
}

/** `NX_BD_ALG_ACTIVE_BACKUP` (OVS `nicira-ext.h`): the first member that is live. */
const ACTIVE_BACKUP = 0;
/** The header of `NXM_OF_IN_PORT`: members are port numbers. */
const MEMBER_IS_PORT = 0x00000002;

/** `OFPR_ACTION` (OVS `openflow-common.h`): an action has sent the packet, not a miss. */
const BY_ACTION = 1;

/** Without a tag the TCI is 0; unlike `pop_vlan`, this may meet a frame that has none (ovs-fields(7), `vlan_tci`). */
const UNTAG: Action = { type: "set_field", field: { field: "vlan_tci", value: 0n } };
