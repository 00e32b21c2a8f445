import type { Action, FieldMatch, FieldName, Subfield } from "openflow-ts";
import type { WhenPeerDown } from "../table/index.js";

/**
 * The one register that the pipeline uses; what it remembers of a packet while our tables look at it.
 *
 * ```
 *    31      30      29       28      27     26  25            16 15                   0
 * +-------+-------+-------+-----------+-----------+---------------+----------------------+
 * | done  | known | alive | confirmed |   down    |     peer      |        canary        |
 * +-------+-------+-------+-----------+-----------+---------------+----------------------+
 * ```
 *
 * - done: we have let the packet go; the hooks in table 0 leave it alone. All other bits are then 0.
 * - known: its connection is one that is being steered.
 * - alive: the plugin has given a sign of life of late.
 * - confirmed: the entry that the packet matches accepts connections once the far edge has.
 * - down: what that entry has become of new connections while its peer is down, by `DOWN`.
 * - peer: number of the peer of that entry; 0 for none or `pass`.
 * - canary: port number of the canary while its link is up, else 0xffff.
 */
export const registerBits = {
  done: { offset: 31, bits: 1 },
  known: { offset: 30, bits: 1 },
  alive: { offset: 29, bits: 1 },
  confirmed: { offset: 28, bits: 1 },
  down: { offset: 26, bits: 2 },
  peer: { offset: 16, bits: 10 },
  canary: { offset: 0, bits: 16 },
} as const;
/** Values of the part `down`. */
export const DOWN: Readonly<Record<WhenPeerDown, number>> = { pass: 0, hold: 1, refuse: 2 };

export type RegisterPart = keyof typeof registerBits;
export type RegisterValues = Partial<Readonly<Record<RegisterPart, number>>>;

const maskOf = (part: RegisterPart): bigint => {
  const { offset, bits } = registerBits[part];
  return ((1n << BigInt(bits)) - 1n) << BigInt(offset);
};

/** Register number `register` as the pipeline's actions and matches name it. */
export class Register {
  readonly field: FieldName;

  constructor(register: number) {
    this.field = `reg${register}`;
  }

  /** The register with these parts as they are given and the others free. */
  match(values: RegisterValues): FieldMatch {
    const parts = Object.keys(values) as RegisterPart[];
    const value = parts.reduce(
      (sum, part) => sum | (BigInt(values[part]!) << BigInt(registerBits[part].offset)),
      0n,
    );
    return { field: this.field, value, mask: parts.reduce((sum, part) => sum | maskOf(part), 0n) };
  }

  /** Sets these parts and leaves the others. */
  set(values: RegisterValues): Action {
    return { type: "set_field", field: this.match(values) };
  }

  /** Sets these parts and clears the others. */
  assign(values: RegisterValues): Action {
    return { type: "set_field", field: { field: this.field, value: this.match(values).value } };
  }

  part(part: RegisterPart): Subfield {
    return { field: this.field, ...registerBits[part] };
  }
}
