import { type Destination, destinationKey, destinationsOf, type Exit } from "../pipeline/index.js";
import { type Family, formatAddress, type LookupTable, parseAddress } from "../table/index.js";
import type { RewriteOptions } from "./options.js";

/** The edge's ports for the destinations of look-up tables, with the form `rewrite`. */
export class Exits {
  readonly #listen: RewriteOptions["listen"];
  readonly #families: readonly Family[];
  readonly #addresses: ReadonlyMap<Family, bigint>;
  /** By destination. A destination keeps its port, also where a later table does not name it for a while. */
  readonly #exits = new Map<string, Exit>();

  /** Throws a `RangeError` where there is no address for a family. */
  constructor({ addresses, listen }: RewriteOptions, families: readonly Family[]) {
    this.#listen = listen;
    this.#families = families;
    this.#addresses = new Map(
      addresses.map((text) => {
        const address = parseAddress(text);
        if (!address) throw new RangeError(`"${text}" is not an address of the edge`);
        return [address.family, address.value];
      }),
    );
    const without = families.find((family) => !this.#addresses.has(family));
    if (without) throw new RangeError(`the form rewrite needs an ${without} address of the edge`);
  }

  /** How many ports are open. */
  get size(): number {
    return this.#exits.size;
  }

  /** Throws `TooManyDestinationsError`. */
  check(table: LookupTable): void {
    destinationsOf(table, this.#families);
  }

  /** Opens the ports that a table needs and that are not open. Rejects as `listen` does. */
  async open(table: LookupTable): Promise<void> {
    for (const [key, destination] of destinationsOf(table, this.#families)) {
      if (!this.#exits.has(key)) this.#exits.set(key, await this.#exit(destination));
    }
  }

  /** The exits of a table, as far as their ports are open. */
  of(table: LookupTable): Exit[] {
    const wanted = destinationsOf(table, this.#families).values();
    return [...wanted].flatMap((destination) => this.#exits.get(destinationKey(destination)) ?? []);
  }

  async #exit(destination: Destination): Promise<Exit> {
    const { family, address: value, port } = destination;
    const listening = await this.#listen({ address: formatAddress({ family, value }), port });
    return { destination, address: this.#addresses.get(family)!, port: listening };
  }
}
