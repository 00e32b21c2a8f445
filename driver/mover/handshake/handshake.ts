import {
  ATTEMPT_LIFETIME,
  COOKIE_BURST,
  COOKIE_USE,
  COOKIES_A_SECOND,
  HANDSHAKE_BURST,
  HANDSHAKES_A_SECOND,
  HELLO_FIRST_INTERVAL,
  HELLO_LONGEST_INTERVAL,
  INSIST,
  OFFER_HOLD,
  REST,
  RETIRED_BOOTS,
  STRANGER_MEMORY,
  STRANGERS_A_SECOND,
} from "../constants.js";
import { LONGEST_DELAY } from "../wire/acknowledgement.js";
import type { Confirmation } from "../wire/confirmation.js";
import { datagramTag, PacketType } from "../wire/datagram.js";
import { encodeHandshake, HANDSHAKE_HEADER_BYTES, senderTag, transmissionOf } from "../wire/handshake.js";
import { decodeHello, encodeHello, type Hello } from "../wire/hello.js";
import { Admission } from "./admission.js";
import type { Channel } from "./channel.js";
import type { Begun, Security, Stranger } from "./security.js";

/** Both sides have said that they are there. */
export interface Agreed {
  readonly channel: Channel;
  readonly peer: Hello;
  /** The session's; that of the session that goes on if `continued`. */
  readonly session: bigint;
  readonly continued: boolean;
  /** It was we who began: the peer does not know of it until it hears us. */
  readonly begunHere: boolean;
  /** Which of our hellos was answered, if `begunHere`. */
  readonly transmission: number;
  /** Milliseconds; NaN if not known. */
  readonly roundTrip: number;
}

export interface HandshakeHost {
  readonly bootId: bigint;
  newTag(): number;
  dropTag(tag: number): void;
  send(datagram: Uint8Array): void;
  /** What our hello says, but for the session and the time. */
  readonly profile: Omit<Hello, "bootId" | "continues" | "time">;
  /** The session that is up; 0n if none is. */
  session(): bigint;
  agreed(now: number, agreed: Agreed): void;
  stranger(stranger: Stranger): void;
}

interface Attempt {
  readonly begun: Begun;
  readonly tag: number;
  readonly continues: bigint;
  readonly sentAt: number[];
  /** As it was sent last. */
  datagram: Uint8Array;
}

/** An answer of ours whose keys the peer has not used yet. */
interface Offer {
  /** The hello's body that it answers. */
  readonly heard: Uint8Array;
  readonly body: Uint8Array;
  readonly agreed: Agreed;
  readonly remoteTag: number;
  readonly since: number;
  /** When each transmission of the hello was answered. */
  readonly answeredAt: number[];
}

/**
 * How two sides agree on a session, or on new keys for it: hello, answer, and the first datagram by the new channel, which
 * shows the answering side that the hello was no repetition. Pure but for fresh keys: time is an argument.
 *
 * | event | what is done |
 * |---|---|
 * | `want` | hello; again after 200, 300, 450, … 1,000 ms; a fresh one after 5 s |
 * | hello, authentic and not belated | answer; one's own hello rests for 3 s |
 * | the same, while our own hello of the last second is under way, and our boot id is the greater | none: the peer answers ours |
 * | hello, while there are too many | a cookie, or none |
 * | the same hello again | the same answer |
 * | answer to our hello | agreed |
 * | datagram by the channel of our answer | agreed |
 */
export class Handshake {
  readonly #host: HandshakeHost;
  readonly #security: Security;
  /** Since when one is wanted; Infinity if none is. */
  #wantedAt = Number.POSITIVE_INFINITY;
  #sendAt = Number.POSITIVE_INFINITY;
  #interval = HELLO_FIRST_INTERVAL;
  #attempt: Attempt | undefined;
  #offer: Offer | undefined;
  #cookie: Uint8Array | undefined;
  #cookieAt = Number.NEGATIVE_INFINITY;
  /** Of the peer's latest hello that led to anything. */
  #peerBoot = 0n;
  #peerTime = -1;
  /** Boot ids that the peer has had: what still comes from them is late, or repeated. */
  readonly #retired: bigint[] = [];
  #mayRestAt = Number.NEGATIVE_INFINITY;
  #latestTime = 0;
  readonly #admission = new Admission(HANDSHAKES_A_SECOND, HANDSHAKE_BURST);
  readonly #withCookie = new Admission(HANDSHAKES_A_SECOND, HANDSHAKE_BURST);
  readonly #cookies = new Admission(COOKIES_A_SECOND, COOKIE_BURST);
  readonly #strangers = new Admission(STRANGERS_A_SECOND, 1);
  #strangerBefore = "";
  #strangerAt = Number.NEGATIVE_INFINITY;

  constructor(host: HandshakeHost, security: Security) {
    this.#host = host;
    this.#security = security;
  }

  get wanted(): boolean {
    return this.#wantedAt < Number.POSITIVE_INFINITY;
  }

  /** Begins one, unless one is under way. */
  want(now: number): void {
    if (this.wanted) return;
    this.#wantedAt = now;
    this.#interval = HELLO_FIRST_INTERVAL;
    this.#sendAt = now;
  }

  /** There is no need of one any more. */
  cease(): void {
    this.#wantedAt = Number.POSITIVE_INFINITY;
    this.#sendAt = Number.POSITIVE_INFINITY;
    this.#dropAttempt();
  }

  /** The session is over: what was to continue it is of no use. */
  sessionOver(): void {
    this.cease();
    if (this.#offer?.agreed.continued) this.#dropOffer();
  }

  /** Forgets all that is under way. */
  stop(): void {
    this.cease();
    this.#dropOffer();
  }

  nextTimerAt(): number {
    return this.#sendAt;
  }

  onTimer(now: number): void {
    if (now < this.#sendAt) return;
    const begunAt = this.#attempt?.sentAt[0];
    if (begunAt === undefined || now >= begunAt + ATTEMPT_LIFETIME) this.#begin(now);
    this.#sendHello(now);
    this.#sendAt = now + this.#interval;
    this.#interval = Math.min(this.#interval * 1.5, HELLO_LONGEST_INTERVAL);
  }

  /** The channel of our answer, if it has this tag. */
  offered(tag: number): Channel | undefined {
    const channel = this.#offer?.agreed.channel;
    return channel?.localTag === tag ? channel : undefined;
  }

  /** A datagram has come by the channel of our answer. */
  confirm(now: number, confirmation: Confirmation | undefined): void {
    const { agreed, answeredAt } = this.#offer!;
    this.#offer = undefined;
    const answered = confirmation === undefined ? undefined : answeredAt[confirmation.transmission];
    const known = answered !== undefined && confirmation!.delay < LONGEST_DELAY;
    this.#agree(now, { ...agreed, roundTrip: known ? now - answered - confirmation!.delay : Number.NaN });
  }

  /** Whether it is a hello or an answer of the peer's, of now or of any time. */
  isOfPeer(datagram: Uint8Array, type: number): boolean {
    const { helloType, answerType } = this.#security;
    return (type === helloType || type === answerType) && this.#security.verify(datagram) >= 0;
  }

  /** A datagram that belongs to no session. `from`: where it came from, in any form. False: it is of no use. */
  receive(now: number, datagram: Uint8Array, type: number, from: string): boolean {
    switch (type) {
      case this.#security.helloType:
        return this.#onHello(now, datagram, from);
      case this.#security.answerType:
        return this.#onAnswer(now, datagram);
      case PacketType.COOKIE:
        return this.#onCookie(now, datagram);
      default:
        return this.#onStranger(now, datagram);
    }
  }

  #onHello(now: number, datagram: Uint8Array, from: string): boolean {
    const end = this.#security.verify(datagram);
    if (end < 0) return this.#onStranger(now, datagram);
    const body = datagram.subarray(HANDSHAKE_HEADER_BYTES, end);
    const offer = this.#offer;
    if (offer !== undefined && Buffer.compare(offer.heard, body) === 0) {
      if (this.#admission.take(now)) this.#sendAnswer(now, offer, transmissionOf(datagram));
      return true;
    }
    if (!this.#admitted(now, datagram, from)) return false;
    const heard = this.#security.hear(body);
    const hello = heard && decodeHello(heard.payload);
    if (heard === undefined || hello === undefined || this.#belated(hello)) return false;
    if (this.#insists(now, hello) || this.#holds(now, hello)) return false;
    const continued = hello.continues !== 0n && hello.continues === this.#host.session();
    const answer = heard.answer(this.#hello(now, continued ? hello.continues : 0n));
    if (answer === undefined) return false;
    this.#dropOffer();
    const { agreement } = answer;
    const remoteTag = senderTag(datagram);
    this.#offer = {
      heard: new Uint8Array(body),
      body: answer.body,
      remoteTag,
      agreed: {
        channel: agreement.channel(this.#host.newTag(), remoteTag),
        peer: hello,
        session: continued ? hello.continues : agreement.id,
        continued,
        begunHere: false,
        transmission: 0,
        roundTrip: Number.NaN,
      },
      since: now,
      answeredAt: [],
    };
    this.#sendAnswer(now, this.#offer, transmissionOf(datagram));
    if (this.wanted && !this.#ours(hello)) this.#rest(now);
    return true;
  }

  /** The peer's handshake goes first, for a while; the hello that we have answered may have been an old one. */
  #rest(now: number): void {
    if (now < this.#mayRestAt) return;
    this.#mayRestAt = now + 2 * REST;
    this.#dropAttempt();
    this.#sendAt = now + REST;
    this.#interval = HELLO_FIRST_INTERVAL;
  }

  /** Whether there may be another costly calculation. */
  #admitted(now: number, datagram: Uint8Array, from: string): boolean {
    if (this.#admission.take(now)) return true;
    if (this.#security.hasCookie(now, datagram, from)) return this.#withCookie.take(now);
    const cookie = this.#cookies.take(now) ? this.#security.offerCookie(now, datagram, from) : undefined;
    if (cookie !== undefined) this.#host.send(cookie);
    return false;
  }

  #onAnswer(now: number, datagram: Uint8Array): boolean {
    const attempt = this.#attempt;
    if (attempt === undefined || datagramTag(datagram, 0) !== attempt.tag) return false;
    const end = this.#security.verify(datagram);
    const read =
      end < 0 ? undefined : attempt.begun.readAnswer(datagram.subarray(HANDSHAKE_HEADER_BYTES, end));
    const hello = read && decodeHello(read.payload);
    if (read === undefined || hello === undefined) return false;
    this.#attempt = undefined;
    const { continues, tag, sentAt } = attempt;
    const continued = hello.continues !== 0n && hello.continues === continues;
    const answered = sentAt[transmissionOf(datagram)];
    this.#agree(now, {
      channel: read.agreement.channel(tag, senderTag(datagram)),
      peer: hello,
      session: continued ? continues : read.agreement.id,
      continued,
      begunHere: true,
      transmission: transmissionOf(datagram),
      roundTrip: answered === undefined ? Number.NaN : now - answered,
    });
    return true;
  }

  #onCookie(now: number, datagram: Uint8Array): boolean {
    const attempt = this.#attempt;
    if (attempt === undefined || datagramTag(datagram, 0) !== attempt.tag) return false;
    const cookie = this.#security.takeCookie(datagram, attempt.datagram);
    if (cookie === undefined) return false;
    this.#cookie = cookie;
    this.#cookieAt = now;
    return true;
  }

  /** One may be damage; the same again is not. */
  #onStranger(now: number, datagram: Uint8Array): false {
    const stranger = this.#strangers.take(now) ? this.#security.stranger(datagram) : undefined;
    if (stranger === undefined) return false;
    if (stranger.kind === this.#strangerBefore && now < this.#strangerAt + STRANGER_MEMORY)
      this.#host.stranger(stranger);
    this.#strangerBefore = stranger.kind;
    this.#strangerAt = now;
    return false;
  }

  #agree(now: number, agreed: Agreed): void {
    const { bootId, time } = agreed.peer;
    if (bootId !== this.#peerBoot && this.#peerBoot !== 0n) this.#retire(this.#peerBoot);
    this.#peerBoot = bootId;
    this.#peerTime = time;
    this.stop();
    this.#host.agreed(now, agreed);
  }

  #belated({ bootId, time }: Hello): boolean {
    const offered = this.#offer?.agreed.peer;
    if (offered?.bootId === bootId && time <= offered.time) return true;
    return bootId === this.#peerBoot ? time <= this.#peerTime : this.#retired.includes(bootId);
  }

  #retire(bootId: bigint): void {
    this.#retired.push(bootId);
    if (this.#retired.length > RETIRED_BOOTS) this.#retired.shift();
  }

  /** Whether the handshake is ours to begin, when both sides do. */
  #ours({ bootId }: Hello): boolean {
    return this.#attempt !== undefined && this.#host.bootId > bootId;
  }

  /** Whether the peer is to answer us first. Not for ever: what we say may not reach it. */
  #insists(now: number, hello: Hello): boolean {
    return this.#ours(hello) && now < this.#wantedAt + INSIST;
  }

  /** An answer that may be used at any moment does not give way to a hello that may be an old one, repeated. */
  #holds(now: number, { bootId }: Hello): boolean {
    const offer = this.#offer;
    return offer !== undefined && offer.agreed.peer.bootId !== bootId && now < offer.since + OFFER_HOLD;
  }

  #begin(now: number): void {
    this.#dropAttempt();
    const continues = this.#host.session();
    const begun = this.#security.begin(this.#hello(now, continues));
    this.#attempt = { begun, tag: this.#host.newTag(), continues, sentAt: [], datagram: new Uint8Array(0) };
  }

  #hello(now: number, continues: bigint): Uint8Array {
    const { bootId, profile } = this.#host;
    this.#latestTime = Math.max(this.#latestTime + 1, Math.round(now * 1000));
    return encodeHello({ ...profile, bootId, continues, time: this.#latestTime });
  }

  #sendHello(now: number): void {
    const attempt = this.#attempt!;
    const { tag, sentAt, begun } = attempt;
    const header = { type: this.#security.helloType, receiver: 0, sender: tag, transmission: sentAt.length };
    const cookie = now < this.#cookieAt + COOKIE_USE ? this.#cookie : undefined;
    attempt.datagram = this.#security.mark(encodeHandshake(header, begun.body), cookie);
    sentAt.push(now);
    this.#host.send(attempt.datagram);
  }

  #sendAnswer(now: number, offer: Offer, transmission: number): void {
    offer.answeredAt[transmission] = now;
    const { agreed, remoteTag, body } = offer;
    const header = {
      type: this.#security.answerType,
      receiver: remoteTag,
      sender: agreed.channel.localTag,
      transmission,
    };
    this.#host.send(this.#security.mark(encodeHandshake(header, body)));
  }

  #dropAttempt(): void {
    if (this.#attempt !== undefined) this.#host.dropTag(this.#attempt.tag);
    this.#attempt = undefined;
  }

  #dropOffer(): void {
    if (this.#offer === undefined) return;
    const { channel } = this.#offer.agreed;
    this.#host.dropTag(channel.localTag);
    channel.erase();
    this.#offer = undefined;
  }
}
