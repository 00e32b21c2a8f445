/** `explain` and `flows` for people: the questions' words parsed, the answers formatted. Pure. */

import { isIP } from "node:net";
import type { Tuple } from "../flows/index.js";
import type { Explained, Listed } from "./queries.js";

/** A 5-tuple that is none: what is wrong with it, and how to write it. */
export class TupleError extends Error {
  override readonly name = "TupleError";
  readonly code = "tuple";
}

const protocols = ["tcp", "udp", "icmp"] as const;

/** `TCP 10.1.0.11:40000 10.2.0.11:80` or `TCP [fd00:1::b]:40000 [fd00:2::b]:80`. Throws TupleError. */
export function parseTuple(protocol: string, source: string, destination: string): Tuple {
  const name = protocols.find((known) => known === protocol.toLowerCase());
  if (name === undefined) {
    throw new TupleError(`protocol "${protocol}": one of ${protocols.join(", ")} expected`);
  }
  const from = parseEndpoint("source", source);
  const to = parseEndpoint("destination", destination);
  if (isIP(from.address) !== isIP(to.address))
    throw new TupleError(`${from.address} and ${to.address} are not of one address family`);
  return {
    protocol: name,
    source: from.address,
    sourcePort: from.port,
    destination: to.address,
    destinationPort: to.port,
  };
}

function parseEndpoint(what: string, text: string): { address: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+)$/.exec(text);
  const port = Number(match?.[3]);
  const address = match?.[1] ?? match?.[2] ?? "";
  if (isIP(address) === 0 || port > 65_535) {
    throw new TupleError(
      `${what} "${text}": ADDRESS:PORT expected, such as 10.1.0.11:40000 or [fd00:1::b]:40000`,
    );
  }
  return { address, port };
}

/** The answers for several bridges, each under its name; one is for itself. */
export function formatBridges<T extends { readonly bridge: string }>(
  answers: readonly T[],
  format: (answer: T) => string,
): string {
  if (answers.length === 1) return answers.map(format).join("");
  return answers.map((answer) => `bridge ${answer.bridge}\n${format(answer)}`).join("\n");
}

export function formatExplained(answer: Explained): string {
  const lines = [answer.taken ? `taken for peer ${answer.peer}` : "not taken"];
  for (const reason of answer.because) lines.push(`  ${reason}`);
  if (answer.taken) lines.push(`  its class is ${answer.class}`);
  if (answer.flows.length > 0) lines.push("it meets these flows of ours:");
  for (const flow of answer.flows) lines.push(`  ${flow}`);
  return `${lines.join("\n")}\n`;
}

export function formatListed(flows: readonly Listed[]): string {
  const row = (status: string, packets: string, flow = "") =>
    [status.padEnd(9), packets.padStart(12), flow].join("  ");
  const rows = flows.flatMap(({ status, packets, there, wanted }) => [
    row(status, packets ?? "-", there ?? wanted),
    ...(status === "different" ? [row("  wanted", "", wanted)] : []),
  ]);
  return [["STATUS".padEnd(9), "PACKETS".padStart(12), "FLOW"].join("  "), ...rows, ""].join("\n");
}

/** Whether the switch has just what it should have. */
export function isComplete(flows: readonly Listed[]): boolean {
  return flows.every(({ status }) => status === "installed" || status === "learned");
}
