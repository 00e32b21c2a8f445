/** Until an address is proven, so many times as much is sent there as has come from there (RFC 9000 §8). */
const FACTOR = 3;

/**
 * The peer has another address: somebody rebound its NAT, or it has moved. What shows it is an authentic datagram, but one
 * that was caught and sent on by a third party would show it as well, with whose address that party liked. So until
 * something that was sent there is acknowledged from there, little is sent: nobody is flooded by us for others.
 */
export class Roaming {
  #allowance = Number.POSITIVE_INFINITY;
  /** The first physical number that is sent there. */
  #mark = 0;

  /** Nothing may be sent for now but what cannot wait. */
  get shut(): boolean {
    return this.#allowance <= 0;
  }

  get proven(): boolean {
    return this.#allowance === Number.POSITIVE_INFINITY;
  }

  /** From now on it goes to another address, with `next` for the first physical number. */
  moved(next: number): void {
    this.#allowance = 0;
    this.#mark = next;
  }

  /** From there. */
  received(bytes: number): void {
    this.#allowance += FACTOR * bytes;
  }

  /** There. */
  sent(bytes: number): void {
    this.#allowance -= bytes;
  }

  /** From there came an acknowledgement with that number for the highest. */
  acknowledged(highest: number): void {
    if (highest >= this.#mark) this.prove();
  }

  /** It is known whose the address is. */
  prove(): void {
    this.#allowance = Number.POSITIVE_INFINITY;
  }
}
