import type { Outcome } from "./application.js";

/**
 * What is wrong with a connection, by what both applications did and saw; nothing if it went as a connection must. What one
 * side wrote before it ended or closed is what the other read, or both saw an error, or are the cause of it.
 * @param broken something else may have ended it: the session was lost, or memory was short
 */
export function faults(client: Outcome, server: Outcome, broken = false): string[] {
  const sides = [
    { name: "client", own: client, other: server },
    { name: "server", own: server, other: client },
  ];
  return sides.flatMap(({ name, own, other }) => [
    ...hearing(own, other).map((fault) => `the ${name} ${fault}`),
    ...errors(own, other, broken).map((fault) => `the ${name} ${fault}`),
  ]);
}

function hearing({ heard, wrong, heardEnd, left, error }: Outcome, other: Outcome): string[] {
  const found: string[] = [];
  if (wrong !== undefined) found.push(`read wrong bytes at ${wrong}`);
  if (heard > other.tried) found.push(`read ${heard} bytes of ${other.tried}`);
  if (heardEnd && !other.ended && other.left !== "close") found.push("read an end that nobody made");
  if (heardEnd && heard !== other.tried) found.push(`read an end after ${heard} of ${other.tried} bytes`);
  if (!heardEnd && left === undefined && error === undefined) found.push("saw neither end nor error");
  return found;
}

function errors({ error }: Outcome, other: Outcome, broken: boolean): string[] {
  if (error === undefined || other.left !== undefined) return [];
  if (!broken) return [`saw ${error}, for no reason`];
  const otherIsDone = other.ended && other.heardEnd;
  return other.error === undefined && !otherIsDone ? [`saw ${error}, the other one nothing`] : [];
}
