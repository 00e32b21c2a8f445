import { InvalidError } from "../errors/error.js";
import type { BundleAction, EncapAction, MultipathAction } from "../model/nicira-action.js";
import { checkOutput } from "./port.js";

/** The checks of the actions that choose, sample and wrap: numbers of a few known values. */

const badArgument = "OFPBAC_BAD_ARGUMENT";

function wrong(what: string, value: number): InvalidError {
  return new InvalidError(badArgument, `${what} ${value}`);
}

/** `enum nx_hash_fields`, `enum nx_mp_algorithm`, `enum nx_bd_algorithm`. */
const hashFieldsLast = 6;
const multipathAlgorithmLast = 3;
const bundleAlgorithmLast = 1;
/** The header of NXM_OF_IN_PORT, which says that members are ports. */
const ofport = 0x00000002;

export function checkMultipath({ fields, algorithm, maxLink, destination }: MultipathAction): void {
  if (fields > hashFieldsLast) throw wrong("multipath by the fields", fields);
  if (algorithm > multipathAlgorithmLast) throw wrong("multipath by the algorithm", algorithm);
  if (2 ** Math.min(destination.bits, 16) < maxLink + 1) {
    throw wrong(`${destination.bits} bits cannot say which of the links up to`, maxLink);
  }
}

export function checkBundle({ fields, algorithm, memberType, ports }: BundleAction): void {
  if (fields > hashFieldsLast) throw wrong("bundle by the fields", fields);
  if (algorithm > bundleAlgorithmLast) throw wrong("bundle by the algorithm", algorithm);
  if (memberType !== ofport) throw wrong("bundle of members of type", memberType);
  for (const port of ports) checkOutput(port);
}

export function checkSample(action: { readonly probability: number; readonly direction?: number }): void {
  if (action.probability === 0) throw wrong("sample with the probability", 0);
  if ((action.direction ?? 0) > 2) throw wrong("sample in the direction", action.direction ?? 0);
}

/** Ethernet, MPLS and NSH, as `packet_type` has them. */
const headerTypes: ReadonlySet<number> = new Set([0, 0x18847, 0x18848, 0x1894f]);

export function checkHeaderType(packetType: EncapAction["packetType"]): void {
  if (!headerTypes.has(packetType)) {
    throw new InvalidError("NXBAC_BAD_HEADER_TYPE", `encap with packet type 0x${packetType.toString(16)}`);
  }
}
