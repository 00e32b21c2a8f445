import type { MessageAddresses } from "../../../driver/index.js";

/** The same text for the same endpoints. */
export function endpointsKey({ source, sourcePort, destination, destinationPort }: MessageAddresses): string {
  return `${Buffer.from(source).toString("hex")} ${sourcePort} ${Buffer.from(destination).toString("hex")} ${destinationPort}`;
}
