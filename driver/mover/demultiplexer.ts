import { datagramTag, MAXIMUM_TAG } from "./wire/datagram.js";

export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * Tells whose a datagram is, on a socket that the links to several peers share: the link's whose tag it carries,
 * or, if it carries none that is known here, the link's to the address it came from; nobody's else.
 */
export class Demultiplexer<Link> {
  readonly #byTag = new Map<number, Link>();
  readonly #byAddress = new Map<string, Link>();

  get links(): Iterable<Link> {
    return this.#byAddress.values();
  }

  /** Addresses in the form in which the system gives them. */
  add(peer: PeerAddress, link: Link): void {
    this.#byAddress.set(addressKey(peer), link);
  }

  /** A tag for the link, beside those that it has. */
  newTag(link: Link): number {
    let tag: number;
    do tag = 1 + Math.floor(Math.random() * MAXIMUM_TAG);
    while (this.#byTag.has(tag));
    this.#byTag.set(tag, link);
    return tag;
  }

  dropTag(tag: number): void {
    this.#byTag.delete(tag);
  }

  /** Neither address nor tags are the link's any more. */
  remove(peer: PeerAddress, link: Link): void {
    for (const [tag, owner] of this.#byTag) if (owner === link) this.#byTag.delete(tag);
    this.forget(peer, link);
  }

  /** The address is not the link's any more. */
  forget(address: PeerAddress, link: Link): void {
    if (this.#byAddress.get(addressKey(address)) === link) this.#byAddress.delete(addressKey(address));
  }

  /** The link that has the datagram's tag; the datagram has 4 bytes at least. */
  byTag(bytes: Uint8Array, offset: number): Link | undefined {
    const tag = datagramTag(bytes, offset);
    return tag === 0 ? undefined : this.#byTag.get(tag);
  }

  /** The one link to that host; undefined if there are several. */
  byHost(address: string): Link | undefined {
    const there = [...this.#byAddress].filter(([key]) => key.startsWith(`${address} `));
    const links = new Set(there.map(([, link]) => link));
    return links.size === 1 ? there[0]![1] : undefined;
  }

  byAddress(from: PeerAddress): Link | undefined {
    return this.#byAddress.get(addressKey(from));
  }
}

function addressKey({ address, port }: PeerAddress): string {
  return `${address} ${port}`;
}
