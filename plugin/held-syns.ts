import { type MessageAddresses, MessageStatus } from "../driver/index.js";
import type { HeldPacket, Steering, WhenPeerDown } from "../flows/index.js";
import { endpointsKey, type Inquiry, type Interception, type TrafficClass } from "./edge/tcp/index.js";
import { readSyn, resetFrame, type Syn, type Unreachable, unreachableFrame } from "./packet/index.js";

/** Crafted answers in a second, at most; a client that gets none sends its SYN again. */
const MOST_ANSWERS = 1000;
const SWEEP_INTERVAL = 500;
/** A client that sends no SYN for so long has given up: the last pause of Linux, the longest, is 64 s. Milliseconds. */
const SILENCE = 70_000;
/** A client whose SYN was let through completes its connection within this time, or is gone. Milliseconds. */
const COMPLETION = 5000;

/** What is asked of a peer. */
export interface ConfirmingPeer {
  readonly reachable: boolean;
  /** Whether it is not being asked for too many connections already. */
  readonly mayOpen: boolean;
  inquire(interception: Interception, answered: (status: number) => void): Inquiry;
  isConfirmed(addresses: MessageAddresses): boolean;
}

export interface HeldSynsOptions {
  readonly steering: Pick<Steering, "take" | "letGo" | "pass" | "answer" | "peerOf" | "isWanted">;
  readonly peer: (name: string) => ConfirmingPeer | undefined;
  /** Whether there is memory for more connections. */
  readonly mayTake: () => boolean;
  /** What becomes of a client while its peer is down. */
  readonly whenPeerDown: (syn: Syn) => WhenPeerDown;
  readonly trafficClass: (syn: Syn) => TrafficClass;
  /** From whom a client hears that its destination cannot be reached; the destination itself where there is nobody else. */
  readonly router: (family: Syn["family"]) => Uint8Array | undefined;
  /** So many clients wait at most. */
  readonly mostWaiting: number;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface HeldSynsCounts {
  /** Clients whose far edges have not answered yet. */
  waiting: number;
  /** SYNs that were let through to our listener. */
  taken: number;
  /** Clients that were told of a refusal, or that there is no way. */
  refused: number;
  /** SYNs that were let go, because too many waited. */
  direct: number;
}

/** A client that waits. */
interface Waiting {
  /** The last SYN that it sent. */
  packet: HeldPacket;
  syn: Syn;
  inquiry: Inquiry | undefined;
  /** Whether its SYN has been let through. */
  released: boolean;
  /** When its last SYN came, or was let through. */
  since: number;
}

const REASONS: ReadonlyMap<number, Unreachable> = new Map([
  [MessageStatus.UNREACHABLE, "host"],
  [MessageStatus.NETWORK_UNREACHABLE, "network"],
  [MessageStatus.PROHIBITED, "prohibited"],
]);

/**
 * Decides what becomes of the SYNs that the switch holds: those of `accept: confirmed`, those of
 * `when_peer_down: refuse`, and with the form `rewrite` all that are to be taken.
 *
 * | a client | left by |
 * |---|---|
 * | unknown | its SYN (→ waiting: its far edge is asked) |
 * | waiting | the far edge has connected (→ released), or has not (it is told so, or hears nothing), or it has given up |
 * | released | its connection is accepted (the edge has it), or it does not come about in time |
 */
export class HeldSyns {
  readonly #options: HeldSynsOptions;
  readonly #clients = new Map<string, Waiting>();
  readonly #sweeping: NodeJS.Timeout;
  readonly counts: HeldSynsCounts = { waiting: 0, taken: 0, refused: 0, direct: 0 };
  #answers = MOST_ANSWERS;
  #refilled: number;

  constructor(options: HeldSynsOptions) {
    this.#options = options;
    this.#refilled = options.now();
    this.#sweeping = setInterval(() => this.sweep(), SWEEP_INTERVAL).unref();
  }

  /** The switch holds a packet. What is no SYN, or a damaged one, is dropped. */
  receive(packet: HeldPacket): void {
    const syn = readSyn(packet.frame);
    if (syn === undefined) return;
    if (packet.wanted === "refuse") this.#refuse(packet, syn);
    else if (packet.wanted === "take") this.#early(packet, syn);
    else this.#confirm(packet, syn);
  }

  /** An application's connection has been accepted. */
  accepted(addresses: MessageAddresses): void {
    this.#forget(endpointsKey(addresses));
  }

  /** Forgets clients that have given up, and has their far edges forget them. */
  sweep(): void {
    const now = this.#options.now();
    for (const [key, { released, since, inquiry }] of this.#clients) {
      if (now - since < (released ? COMPLETION : SILENCE)) continue;
      this.#forget(key);
      inquiry?.drop(MessageStatus.TIMEOUT);
    }
  }

  /** The peer does not answer any more: its clients need not wait for their own next SYN to be treated accordingly. */
  peerGone(name: string): void {
    for (const [key, client] of this.#clients) {
      if (client.released || this.#options.steering.peerOf(client.packet) !== name) continue;
      this.#forget(key);
      client.inquiry?.drop(MessageStatus.TIMEOUT);
      this.#withoutPeer(client);
    }
  }

  /** Lets go of the clients that still wait. */
  stop(): void {
    clearInterval(this.#sweeping);
    for (const [key, { released, packet, syn, inquiry }] of this.#clients) {
      this.#forget(key);
      if (released) continue;
      inquiry?.drop(MessageStatus.SHUTDOWN);
      this.#options.steering.letGo(packet, syn.frame, syn.family);
    }
  }

  /** Of an entry that accepts early, in the form that has each connection go through our hands. */
  #early(packet: HeldPacket, syn: Syn): void {
    const { steering, mayTake } = this.#options;
    if (mayTake()) steering.take(packet, syn.frame, syn.family);
    else steering.letGo(packet, syn.frame, syn.family);
  }

  #confirm(packet: HeldPacket, syn: Syn): void {
    const { steering, now, mayTake, mostWaiting } = this.#options;
    const name = steering.peerOf(packet);
    const peer = name === undefined ? undefined : this.#options.peer(name);
    const key = endpointsKey(syn);
    const client = this.#clients.get(key);
    if (client !== undefined) {
      Object.assign(client, { packet, syn, since: now() });
      if (client.released) this.#take(client);
    } else if (peer?.isConfirmed(syn)) {
      // Of a connection that stands already: the kernel knows what to say to it.
      steering.take(packet, syn.frame, syn.family);
    } else if (!steering.isWanted(packet)) {
      steering.pass(packet, syn.frame, syn.family);
    } else if (!mayTake()) {
      steering.letGo(packet, syn.frame, syn.family);
    } else if (peer?.reachable) {
      if (peer.mayOpen && this.counts.waiting < mostWaiting) this.#ask(peer, key, packet, syn);
      else {
        this.counts.direct++;
        steering.letGo(packet, syn.frame, syn.family);
      }
    }
    // The peer has gone just now: the client's next SYN meets the flows for that.
  }

  #ask(peer: ConfirmingPeer, key: string, packet: HeldPacket, syn: Syn): void {
    const client: Waiting = { packet, syn, inquiry: undefined, released: false, since: this.#options.now() };
    this.#clients.set(key, client);
    this.counts.waiting++;
    const { dscp } = syn;
    const interception = { addresses: syn, trafficClass: this.#options.trafficClass(syn), dscp };
    client.inquiry = peer.inquire(interception, (status) => {
      if (this.#clients.get(key) === client) this.#answered(key, client, status);
    });
  }

  #answered(key: string, client: Waiting, status: number): void {
    if (status === MessageStatus.OK) {
      client.released = true;
      this.counts.waiting--;
      this.#take(client);
      return;
    }
    const { packet, syn } = client;
    this.#forget(key);
    const unreachable = REASONS.get(status);
    if (status === MessageStatus.SESSION_LOST || status === MessageStatus.SHUTDOWN) this.#withoutPeer(client);
    else if (status === MessageStatus.REFUSED || status === MessageStatus.RESET_BY_APPLICATION)
      this.#refuse(packet, syn);
    else if (unreachable !== undefined) {
      const from = this.#options.router(syn.family) ?? syn.destination;
      this.#answer(packet, unreachableFrame(syn, unreachable, from));
    } else if (status === MessageStatus.LIMIT) this.#options.steering.letGo(packet, syn.frame, syn.family);
    // Of all else, such as no answer in time, the client hears as little as it would without us: nothing.
  }

  /** As the switch treats SYNs from now on. One that is to be held comes again by itself. */
  #withoutPeer({ packet, syn }: Waiting): void {
    const policy = this.#options.whenPeerDown(syn);
    if (policy === "pass") this.#options.steering.letGo(packet, syn.frame, syn.family);
    else if (policy === "refuse") this.#refuse(packet, syn);
  }

  #take(client: Waiting): void {
    const { packet, syn } = client;
    client.since = this.#options.now();
    this.counts.taken++;
    this.#options.steering.take(packet, syn.frame, syn.family);
  }

  #refuse(packet: HeldPacket, syn: Syn): void {
    this.#answer(packet, resetFrame(syn));
  }

  #answer(packet: HeldPacket, frame: Uint8Array): void {
    const now = this.#options.now();
    this.#answers = Math.min(MOST_ANSWERS, this.#answers + ((now - this.#refilled) / 1000) * MOST_ANSWERS);
    this.#refilled = now;
    if (this.#answers < 1) return;
    this.#answers--;
    this.counts.refused++;
    this.#options.steering.answer(packet, frame);
  }

  #forget(key: string): void {
    const client = this.#clients.get(key);
    if (client === undefined) return;
    this.#clients.delete(key);
    if (!client.released) this.counts.waiting--;
  }
}
