import {
  HELLO_FIRST_INTERVAL,
  HELLO_LONGEST_INTERVAL,
  HELLO_REPLY_INTERVAL,
  RETIRED_BOOTS,
} from "./constants.js";
import type { DownReason, MoverState } from "./contract.js";
import { type Hello, helloTime, helloTimeAfter, helloTimeBetween } from "./wire/hello.js";

/** What the session makes happen. */
export interface SessionHost {
  newTag(): number;
  sendHello(hello: Hello, peerTag: number): void;
  /** Both sides know each other. `roundTrip` in milliseconds, NaN if the hellos do not tell. */
  begin(peer: Hello, roundTrip: number): void;
  end(reason: DownReason): void;
  silent(): void;
  resumed(): void;
}

export interface SessionOptions {
  readonly site: string;
  readonly bootId: bigint;
  readonly segmentSize: number;
  readonly receiveWindow: number;
  readonly silentAfter: number;
  readonly downAfter: number;
}

/**
 * Who the peer is, and whether it is there. Pure: time is an argument, what happens goes to the host.
 *
 * | state | event | next | effect |
 * |---|---|---|---|
 * | idle | start | connecting | hello, and again until answered |
 * | connecting, down | hello that echoes our tag; session datagram with our tag | up | begin |
 * | up | nothing heard for `silentAfter` | silent | silent |
 * | silent | anything heard | up | resumed |
 * | silent | nothing heard for `downAfter` | down | end(timeout) |
 * | up, silent | hello with another boot id | down | end(restart), hello |
 * | up, silent | hello with a later session | down | end(reset), hello |
 * | up, silent | close | down | end(stopped) |
 * | up, silent | `fail(reason)` | down | end(reason), hello |
 * | any | stop | idle | end(stopped) if up or silent |
 *
 * Every session of ours has a tag of its own, so what belongs to an earlier one is recognised without
 * keeping anything of it; hellos of earlier sessions and of earlier boots are ignored.
 */
export class Session {
  state: MoverState = "idle";
  tag = 0;
  peer: Hello | undefined;
  readonly #options: SessionOptions;
  readonly #host: SessionHost;
  #number = 0;
  #established = false;
  #heardAt = 0;
  #helloAt = Number.POSITIVE_INFINITY;
  #helloInterval = HELLO_FIRST_INTERVAL;
  #helloSentAt = Number.NEGATIVE_INFINITY;
  /** When the peer's hello came. */
  #peerAt = 0;
  /** Boot ids that the peer has had: what still comes from them is late. */
  readonly #retired: bigint[] = [];

  constructor(options: SessionOptions, host: SessionHost) {
    this.#options = options;
    this.#host = host;
  }

  get established(): boolean {
    return this.#established;
  }

  start(now: number): void {
    if (this.state !== "idle") return;
    this.state = "connecting";
    this.#renew(now);
  }

  stop(): void {
    if (this.#established) this.#end("stopped");
    this.state = "idle";
    this.#helloAt = Number.POSITIVE_INFINITY;
  }

  /** The session cannot go on. */
  fail(now: number, reason: DownReason): void {
    if (!this.#established) return;
    this.#end(reason);
    if (this.state === "down") this.#renew(now);
  }

  onHello(now: number, hello: Hello): void {
    if (this.state === "idle" || this.#belated(hello)) return;
    const before = this.peer;
    const sameBoot = before !== undefined && before.bootId === hello.bootId;
    if (before !== undefined && !sameBoot) this.#retire(before.bootId);
    if (this.#established && before !== undefined && (!sameBoot || hello.session > before.session)) {
      this.fail(now, sameBoot ? "reset" : "restart");
    }
    this.peer = hello;
    this.#peerAt = now;
    const echoed = hello.echoBootId === this.#options.bootId && hello.echoTag === this.tag;
    if (echoed)
      this.#hear(now, hello.echoTime === 0 ? Number.NaN : helloTimeBetween(hello.echoTime, helloTime(now)));
    if (!hello.established || !echoed)
      this.#helloAt = Math.max(now, this.#helloSentAt + HELLO_REPLY_INTERVAL);
  }

  /** A valid datagram with our tag has come: so the peer has understood our hello. */
  onDatagram(now: number): void {
    if (this.state !== "idle" && this.peer !== undefined) this.#hear(now, Number.NaN);
  }

  onClose(now: number): void {
    this.fail(now, "stopped");
  }

  nextTimerAt(): number {
    if (!this.#established) return this.#helloAt;
    const { silentAfter, downAfter } = this.#options;
    return Math.min(this.#helloAt, this.#heardAt + (this.state === "up" ? silentAfter : downAfter));
  }

  onTimer(now: number): void {
    const { silentAfter, downAfter } = this.#options;
    if (this.state === "up" && now >= this.#heardAt + silentAfter) {
      this.state = "silent";
      this.#host.silent();
    }
    if (this.state === "silent" && now >= this.#heardAt + downAfter) this.fail(now, "timeout");
    if (now >= this.#helloAt) {
      this.#helloAt = this.#established ? Number.POSITIVE_INFINITY : now + this.#helloInterval;
      this.#helloInterval = Math.min(this.#helloInterval * 1.5, HELLO_LONGEST_INTERVAL);
      this.#sendHello(now);
    }
  }

  #belated(hello: Hello): boolean {
    if (this.peer?.bootId === hello.bootId) return hello.session < this.peer.session;
    return this.#retired.includes(hello.bootId);
  }

  #retire(bootId: bigint): void {
    this.#retired.push(bootId);
    if (this.#retired.length > RETIRED_BOOTS) this.#retired.shift();
  }

  #hear(now: number, roundTrip: number): void {
    this.#heardAt = now;
    if (this.state === "silent") {
      this.state = "up";
      this.#host.resumed();
    }
    if (this.#established || this.peer === undefined) return;
    this.#established = true;
    this.state = "up";
    this.#helloAt = Number.POSITIVE_INFINITY;
    this.#host.begin(this.peer, roundTrip);
  }

  /** Whoever hears of it may stop the session. */
  #end(reason: DownReason): void {
    this.#established = false;
    this.state = "down";
    this.#host.end(reason);
  }

  /** A new session of ours: the next hellos are about it. */
  #renew(now: number): void {
    this.tag = this.#host.newTag();
    this.#number += 1;
    this.#helloSentAt = Number.NEGATIVE_INFINITY;
    this.#helloInterval = HELLO_FIRST_INTERVAL;
    this.#helloAt = now;
  }

  #sendHello(now: number): void {
    const { bootId, segmentSize, receiveWindow, site } = this.#options;
    const { peer } = this;
    this.#helloSentAt = now;
    const hello: Hello = {
      bootId,
      tag: this.tag,
      established: this.#established,
      session: this.#number,
      echoBootId: peer?.bootId ?? 0n,
      echoTag: peer?.tag ?? 0,
      segmentSize,
      receiveWindow,
      time: helloTime(now),
      echoTime: peer === undefined ? 0 : helloTimeAfter(peer.time, now - this.#peerAt),
      site,
    };
    this.#host.sendHello(hello, peer?.tag ?? 0);
  }
}
