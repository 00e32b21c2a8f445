import { type MessageHeader, type MessageSource, MessageType, PacketDriver } from "../../driver/index.js";

const MESSAGE_BYTES = 16_384;
const CONNECTIONS = 10;
const BATCH = 32;
const HEADER_BYTES = 16;

export interface DriverCost {
  /** Bytes of messages for each second of processor time. */
  readonly send: number;
  readonly receive: number;
  /** Bytes handed to the mover for each byte of messages. */
  readonly size: number;
}

/** What the packet driver alone costs: one thread sends and receives so many bytes of messages. */
export function packetDriverCost(data: Uint8Array, bytes: number, isCompressing: boolean): DriverCost {
  const driver = new PacketDriver({ onMessage: () => {}, ...(isCompressing ? {} : { compressor: null }) });
  const far = new PacketDriver({ onMessage: () => {} });
  for (let connection = 1; connection <= CONNECTIONS; connection++) driver.ready(bulk(data, connection));
  carry(driver, far, bytes / 4); // warm
  const before = driver.statistics().sent;
  const { sending, receiving } = carry(driver, far, bytes);
  const after = driver.statistics().sent;
  const messages = after.messageBytes - before.messageBytes;
  return {
    send: messages / sending,
    receive: messages / receiving,
    size: (after.bufferBytes - before.bufferBytes) / messages,
  };
}

/** A connection with as much to say as one likes, from `data` over and over, far from where the others are. */
function bulk(data: Uint8Array, connection: number): MessageSource {
  const own: { -readonly [Name in keyof MessageHeader]: MessageHeader[Name] } = {
    type: MessageType.DATA,
    flags: 1,
    protocol: 6,
    status: 0,
    addresses: undefined,
    connection,
    sequence: 0,
  };
  let at = Math.floor(((connection - 1) * data.length) / CONNECTIONS);
  return {
    priority: 1,
    pull(writer, quantum) {
      for (let left = quantum; left > HEADER_BYTES; ) {
        const length = Math.min(MESSAGE_BYTES, left - HEADER_BYTES, writer.room - HEADER_BYTES);
        const place = length > 0 ? writer.reserve(own, length) : undefined;
        if (place === undefined) break;
        if (at + length > data.length) at = 0;
        place.set(data.subarray(at, at + length));
        at += length;
        own.sequence += 1;
        left -= HEADER_BYTES + length;
      }
      return true;
    },
  };
}

/** Seconds of processor time. */
function carry(
  driver: PacketDriver,
  far: PacketDriver,
  bytes: number,
): { sending: number; receiving: number } {
  const until = driver.statistics().sent.messageBytes + bytes;
  let sending = 0;
  let receiving = 0;
  const batch: Uint8Array[] = [];
  while (driver.statistics().sent.messageBytes < until) {
    const start = process.cpuUsage();
    for (let count = 0; count < BATCH; count++) batch.push(driver.nextBuffer()!);
    sending += seconds(process.cpuUsage(start));
    const middle = process.cpuUsage();
    for (const buffer of batch) {
      const error = far.receive(buffer);
      if (error !== undefined) throw error;
    }
    receiving += seconds(process.cpuUsage(middle));
    for (const buffer of batch.splice(0)) driver.release(buffer);
  }
  return { sending, receiving };
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}
