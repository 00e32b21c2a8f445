import { Connection, OpenFlow15, VersionError } from "openflow-ts";
import type { SwitchLayout } from "../pipeline/index.js";
import { BridgeFlows } from "./bridge-flows.js";
import { checkPlaces } from "./places.js";

/** Milliseconds. */
const PATIENCE = 5000;

/** Why a bridge's OpenFlow is not to be had, and what to do about it. */
export function unanswered(bridge: string, failure: Error): string {
  const cause = failure.cause instanceof Error ? failure.cause : failure;
  if (![failure, cause].some((error) => error instanceof VersionError)) return failure.message;
  return `${bridge} does not speak OpenFlow 1.5: allow it with \`ovs-vsctl add bridge ${bridge} protocols OpenFlow15\``;
}

/** What is to be ours on a bridge. */
export interface Claim {
  readonly instance: number;
  readonly layout: SwitchLayout;
}

/**
 * Sees whether a bridge answers in OpenFlow 1.5 at a socket, and whether nobody else has flows where ours are to be.
 * Rejects with why not. Changes nothing.
 */
export async function reach(bridge: string, path: string, { instance, layout }: Claim): Promise<void> {
  const connection = new Connection({ address: `unix:${path}`, versions: [OpenFlow15] });
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE / 1000} s`)), PATIENCE);
    connection.once("retry", (failure) => reject(new Error(unanswered(bridge, failure), { cause: failure })));
  });
  try {
    await Promise.race([connection.open(), failed]);
    const flows = new BridgeFlows(connection, instance);
    if (await flows.none()) await checkPlaces(flows, layout);
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
