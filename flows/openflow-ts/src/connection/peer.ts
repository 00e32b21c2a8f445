import { EventEmitter } from "node:events";
import type { DecodeError } from "../errors/error.js";
import { Group, Port, Table } from "../model/constants.js";
import type { FlowDescription, FlowFilter, FlowRemoved, FlowUpdate, PacketIn } from "../model/flow.js";
import type { GroupDescription } from "../model/group.js";
import type { Envelope, Message } from "../model/message.js";
import type { MultipartReplyBody, MultipartRequestBody, SwitchDescription } from "../model/multipart.js";
import type { PacketIn2 } from "../model/nicira-message.js";
import type { PortDescription, PortStatus } from "../model/port.js";
import type {
  ControllerStatus,
  ExperimenterMessage,
  FeaturesReply,
  RequestForward,
  RoleStatus,
} from "../model/switch.js";
import type { TableStatus } from "../model/table.js";
import type { Tagged } from "../model/tagged.js";
import type { Version } from "../version.js";
import { type BundleOptions, commitBundle } from "./bundle.js";
import { OpenFlowError, ProtocolError } from "./errors.js";
import {
  awaitBarrier,
  awaitReply,
  type Channel,
  multipartParts,
  type ReplyTo,
  type RequestOptions,
  replyTypes,
} from "./exchange.js";
import type { Transaction } from "./transaction.js";

export interface PeerEvents {
  /** The handshake is done: requests can be sent. */
  up: [FeaturesReply];
  /** The connection has ended, after it was up. */
  down: [Error];
  /** A connection that reconnects: an attempt failed; the next one comes after so many milliseconds. */
  retry: [Error, number];

  packet_in: [PacketIn];
  /** Once asked for by `nx_set_packet_in_format`. */
  packet_in2: [PacketIn2];
  port_status: [PortStatus];
  flow_removed: [FlowRemoved];
  role_status: [RoleStatus];
  table_status: [TableStatus];
  request_forward: [RequestForward];
  controller_status: [ControllerStatus];
  experimenter: [ExperimenterMessage];
  /** Changes that a flow monitor reports. */
  flow_updates: [readonly FlowUpdate[]];
  /** An error that answers no open request; perhaps one to a message that was only sent. */
  refused: [OpenFlowError];
  /** A message that cannot be understood; the connection goes on. */
  undecodable: [DecodeError, Uint8Array];
  /** Any message that answers no request; emitted beside its own event. */
  message: [Envelope];
}

const anyFlow: FlowFilter = {
  table: Table.ALL,
  outPort: Port.ANY,
  outGroup: Group.ANY,
  cookie: 0n,
  cookieMask: 0n,
  match: [],
};

/** A switch to which requests can be sent. They fail at once when the connection to it ends. */
export abstract class Peer extends EventEmitter<PeerEvents> implements Channel {
  /** The version spoken; undefined while there is no connection. */
  abstract readonly version: Version | undefined;
  abstract readonly requestTimeout: number;
  abstract begin(transaction: Transaction): number;
  abstract forget(xid: number): void;
  abstract drained(): Promise<void>;

  /**
   * Sends a message and gives its transaction identifier; an error in answer comes as the event `refused`. Throws a
   * `DisconnectedError` without a connection, and an `EncodeError` for a message that this version cannot say.
   */
  abstract send(message: Message): number;

  /**
   * Sends a message and awaits the answer: the reply where the message has one, else the reply to a barrier behind it.
   * Rejects with an `OpenFlowError` if the switch refuses, a `RequestTimeoutError`, a `DisconnectedError` or an
   * `EncodeError`. For multipart requests see `multipart`.
   */
  async request<M extends Message>(message: M, options: RequestOptions = {}): Promise<ReplyTo<M>> {
    const answered = message.type in replyTypes;
    const reply = await (answered ? awaitReply : awaitBarrier)(this, message, options);
    return reply as ReplyTo<M>;
  }

  /** Fulfilled when the switch has done all that was sent before. */
  async barrier(options: RequestOptions = {}): Promise<void> {
    await this.request({ type: "barrier_request" }, options);
  }

  /**
   * Sends messages that take effect together or not at all, in their order. Rejects with a `BundleError`, which says
   * whether the switch may have changed.
   */
  bundle(messages: readonly Message[], options: BundleOptions = {}): Promise<void> {
    return commitBundle(this, messages, options);
  }

  /** Sends a multipart request and gives the bodies of the replies as they come. */
  multipart<T extends MultipartRequestBody["type"]>(
    body: Tagged<MultipartRequestBody, T>,
    options: RequestOptions = {},
  ): AsyncGenerator<Tagged<MultipartReplyBody, T>> {
    return multipartParts<T>(this, body, options);
  }

  /** The flows, as they come; those alone that the filter admits. */
  async *flows(
    filter: Partial<FlowFilter> = {},
    options: RequestOptions = {},
  ): AsyncGenerator<FlowDescription> {
    const parts = this.multipart<"flow_desc">({ type: "flow_desc", ...anyFlow, ...filter }, options);
    for await (const part of parts) yield* part.flows;
  }

  async *groups(options: RequestOptions = {}): AsyncGenerator<GroupDescription> {
    for await (const part of this.multipart<"group_desc">(
      { type: "group_desc", group: Group.ALL },
      options,
    )) {
      yield* part.groups;
    }
  }

  async *ports(options: RequestOptions = {}): AsyncGenerator<PortDescription> {
    for await (const part of this.multipart<"port_desc">({ type: "port_desc", port: Port.ANY }, options)) {
      yield* part.ports;
    }
  }

  /** Who made the switch, and what runs on it. */
  async describe(options: RequestOptions = {}): Promise<SwitchDescription> {
    for await (const { type: _type, ...description } of this.multipart<"desc">({ type: "desc" }, options)) {
      return description;
    }
    throw new ProtocolError("the description of the switch has no part");
  }

  /** Emits the events of a message that answers no request. */
  protected deliver(envelope: Envelope): void {
    const { message } = envelope;
    switch (message.type) {
      case "echo_reply":
        return;
      case "packet_in":
        this.emit("packet_in", message);
        break;
      case "nx_packet_in2":
        this.emit("packet_in2", message);
        break;
      case "port_status":
        this.emit("port_status", message);
        break;
      case "flow_removed":
        this.emit("flow_removed", message);
        break;
      case "role_status":
        this.emit("role_status", message);
        break;
      case "table_status":
        this.emit("table_status", message);
        break;
      case "request_forward":
        this.emit("request_forward", message);
        break;
      case "controller_status":
        this.emit("controller_status", message);
        break;
      case "experimenter":
        this.emit("experimenter", message);
        break;
      case "error":
        this.emit("refused", new OpenFlowError(message, envelope.xid));
        break;
      case "multipart_reply":
        if (message.body.type === "flow_monitor") this.emit("flow_updates", message.body.updates);
        break;
    }
    this.emit("message", envelope);
  }
}
