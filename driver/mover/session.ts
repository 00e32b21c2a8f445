import { FORMER_KEYS, REKEY_AFTER, REKEY_DATAGRAMS, REKEY_GRACE } from "./constants.js";
import type { DownReason, MoverState } from "./contract.js";
import type { Channel } from "./handshake/channel.js";
import { type Agreed, Handshake } from "./handshake/handshake.js";
import type { Security, Stranger } from "./handshake/security.js";
import type { Confirmation } from "./wire/confirmation.js";
import type { Hello } from "./wire/hello.js";

/** What the session makes happen. */
export interface SessionHost {
  newTag(): number;
  dropTag(tag: number): void;
  /** Sends a datagram as it is. */
  send(datagram: Uint8Array): void;
  /** A session begins. `roundTrip` in milliseconds, NaN if not known. */
  begin(peer: Hello, channel: Channel, roundTrip: number): void;
  /** It goes on by another channel. */
  changed(channel: Channel): void;
  end(reason: DownReason): void;
  silent(): void;
  resumed(): void;
  /** Somebody who is not the peer speaks in its place. Told at most once a second. */
  stranger(stranger: Stranger): void;
}

export interface SessionOptions {
  readonly site: string;
  readonly bootId: bigint;
  readonly segmentSize: number;
  readonly receiveWindow: number;
  readonly silentAfter: number;
  readonly downAfter: number;
  readonly security: Security;
  /** Default: `REKEY_AFTER`. */
  readonly rekeyAfter?: number;
}

/** The channel of now, and how it came about. */
interface Current {
  readonly channel: Channel;
  readonly begunHere: boolean;
  readonly transmission: number;
  readonly since: number;
}

/**
 * Who the peer is, and whether it is there. Time is an argument, what happens goes to the host; how the two sides agree is
 * the `Handshake`'s business.
 *
 * | state | event | next | effect |
 * |---|---|---|---|
 * | idle | start | connecting | handshake |
 * | connecting, down | agreed | up | begin |
 * | up | nothing heard for `silentAfter` | silent | silent, handshake |
 * | silent | anything heard | up | resumed |
 * | silent | nothing heard for `downAfter` | down | end(timeout), handshake |
 * | up | the keys are old | up | handshake |
 * | up, silent | agreed, the same session | up | changed (resumed) |
 * | up, silent | agreed, another session, another boot id | up | end(restart), begin |
 * | up, silent | agreed, another session | up | end(reset), begin |
 * | up, silent | close | down | end(stopped), handshake |
 * | up, silent | `fail(reason)` | down | end(reason), handshake |
 * | any | stop | idle | end(stopped) if up or silent |
 */
export class Session {
  state: MoverState = "idle";
  /** As it has last been agreed with. */
  peer: Hello | undefined;
  readonly #options: SessionOptions;
  readonly #host: SessionHost;
  readonly #handshake: Handshake;
  #id = 0n;
  #current: Current | undefined;
  /** What is under way by the channel before. */
  #former: Channel | undefined;
  #formerUntil = Number.POSITIVE_INFINITY;
  #heardAt = 0;

  constructor(options: SessionOptions, host: SessionHost) {
    this.#options = options;
    this.#host = host;
    const { bootId, segmentSize, receiveWindow, site, security } = options;
    this.#handshake = new Handshake(
      {
        bootId,
        profile: { segmentSize, receiveWindow, site },
        newTag: () => host.newTag(),
        dropTag: (tag) => host.dropTag(tag),
        send: (datagram) => host.send(datagram),
        session: () => (this.established ? this.#id : 0n),
        agreed: (now, agreed) => this.#onAgreed(now, agreed),
        stranger: (stranger) => host.stranger(stranger),
      },
      security,
    );
  }

  get established(): boolean {
    return this.#current !== undefined;
  }

  /** By which we send. */
  get current(): Channel | undefined {
    return this.#current?.channel;
  }

  /** What the peer should be told until it has shown that it knows of the channel that we use; else undefined. */
  confirmation(now: number): Confirmation | undefined {
    const current = this.#current;
    if (current === undefined || !current.begunHere || current.channel.used) return undefined;
    return { transmission: current.transmission, delay: now - current.since };
  }

  start(now: number): void {
    if (this.state !== "idle") return;
    this.state = "connecting";
    this.#handshake.want(now);
  }

  stop(): void {
    if (this.established) this.#end("stopped");
    this.#handshake.stop();
    this.state = "idle";
  }

  /** The session cannot go on. */
  fail(now: number, reason: DownReason): void {
    if (!this.established) return;
    this.#end(reason);
    if (this.state === "down") this.#handshake.want(now);
  }

  /** A datagram that is no session's. `from`: where it came from, in any form. False: it is of no use. */
  onHandshake(now: number, datagram: Uint8Array, type: number, from: string): boolean {
    return this.state !== "idle" && this.#handshake.receive(now, datagram, type, from);
  }

  /** Whether a datagram of a handshake is the peer's, of now or of any time. */
  isOfPeer(datagram: Uint8Array, type: number): boolean {
    return this.#handshake.isOfPeer(datagram, type);
  }

  /** The channel of datagrams with this tag. */
  channel(tag: number): Channel | undefined {
    if (this.#current?.channel.localTag === tag) return this.#current.channel;
    if (this.#former?.localTag === tag) return this.#former;
    return this.#handshake.offered(tag);
  }

  /** An authentic datagram has come by this channel, perhaps with a confirmation. */
  onHeard(now: number, channel: Channel, confirmation?: Confirmation): void {
    if (this.#handshake.offered(channel.localTag) === channel) this.#handshake.confirm(now, confirmation);
    this.#hear(now);
  }

  onClose(now: number): void {
    this.fail(now, "stopped");
  }

  nextTimerAt(): number {
    const handshake = this.#handshake.nextTimerAt();
    if (this.#current === undefined) return handshake;
    const { silentAfter, downAfter } = this.#options;
    const quiet = this.#heardAt + (this.state === "up" ? silentAfter : downAfter);
    return Math.min(handshake, quiet, this.#formerUntil, this.#rekeyAt(this.#current));
  }

  onTimer(now: number): void {
    const { silentAfter, downAfter } = this.#options;
    if (this.state === "up" && now >= this.#heardAt + silentAfter) {
      this.state = "silent";
      this.#handshake.want(now);
      this.#host.silent();
    }
    if (this.state === "silent" && now >= this.#heardAt + downAfter) this.fail(now, "timeout");
    if (now >= this.#formerUntil) this.#dropFormer();
    if (this.#current !== undefined && now >= this.#rekeyAt(this.#current)) this.#handshake.want(now);
    this.#handshake.onTimer(now);
  }

  #onAgreed(now: number, agreed: Agreed): void {
    const { channel, peer, session, continued, begunHere, transmission, roundTrip } = agreed;
    const before = this.peer;
    if (this.established && !continued) this.#end(peer.bootId === before?.bootId ? "reset" : "restart");
    // Whoever heard of the end may have stopped us.
    if (this.state === "idle") {
      this.#drop(channel);
      return;
    }
    this.peer = peer;
    this.#id = session;
    this.#dropFormer();
    if (this.#current !== undefined) {
      this.#former = this.#current.channel;
      this.#formerUntil = now + FORMER_KEYS;
    }
    this.#current = { channel, begunHere, transmission, since: now };
    if (continued) {
      this.#host.changed(channel);
      this.#hear(now);
      return;
    }
    this.#heardAt = now;
    this.state = "up";
    this.#host.begin(peer, channel, roundTrip);
  }

  #hear(now: number): void {
    this.#heardAt = now;
    if (this.state !== "silent") return;
    this.state = "up";
    this.#handshake.cease();
    this.#host.resumed();
  }

  /** When new keys are due. */
  #rekeyAt({ channel, begunHere, since }: Current): number {
    if (!channel.sealed || this.#handshake.wanted) return Number.POSITIVE_INFINITY;
    if (channel.sent >= REKEY_DATAGRAMS) return since;
    const { rekeyAfter = REKEY_AFTER } = this.#options;
    return since + rekeyAfter + (begunHere ? 0 : REKEY_GRACE);
  }

  /** Whoever hears of it may stop the session. */
  #end(reason: DownReason): void {
    this.#dropFormer();
    this.#drop(this.#current!.channel);
    this.#current = undefined;
    this.#handshake.sessionOver();
    this.state = "down";
    this.#host.end(reason);
  }

  #dropFormer(): void {
    if (this.#former !== undefined) this.#drop(this.#former);
    this.#former = undefined;
    this.#formerUntil = Number.POSITIVE_INFINITY;
  }

  #drop(channel: Channel): void {
    this.#host.dropTag(channel.localTag);
    channel.erase();
  }
}
