import { Acknowledgement, readAcknowledgement, readReceived } from "./acknowledgement.js";
import { type Confirmation, readConfirmation } from "./confirmation.js";
import { Subfield } from "./datagram.js";
import { type ProbeAnswer, readProbe, readProbeAnswer } from "./probe.js";
import { REPAIR_BYTES, type Repair, readRepair } from "./repair.js";
import { readTransportData, TRANSPORT_DATA_BYTES, type TransportData } from "./transport-data.js";

/**
 * Takes the subfields of a session's datagram apart. One reader is reused for all datagrams: its fields describe the one
 * read last. A datagram of which any known subfield makes no sense is refused whole; unknown subfields are skipped.
 */
export class DatagramReader {
  hasData = false;
  hasRepair = false;
  hasAcknowledgement = false;
  close = false;
  readonly data: TransportData = { index: 0, segments: 0, logical: 0, physical: 0 };
  readonly repair: Repair = { window: 0, first: 0, key: 0 };
  readonly acknowledgement = new Acknowledgement();
  /** The number of the probe that it is; -1 if it is none. */
  probe = -1;
  confirmation: Confirmation | undefined;
  hasAnswer = false;
  readonly answer: ProbeAnswer = { probe: 0, bytes: 0 };
  payloadOffset = 0;
  payloadLength = 0;

  /** Reads what is between two offsets. False: damaged. */
  read(bytes: Uint8Array, from: number, end: number): boolean {
    this.hasData = false;
    this.hasRepair = false;
    this.hasAcknowledgement = false;
    this.close = false;
    this.probe = -1;
    this.confirmation = undefined;
    this.hasAnswer = false;
    for (let at = from; at < end; ) {
      const length = subfieldLength(bytes, at, end);
      if (length === 0) return false;
      switch (bytes[at + 1]) {
        case Subfield.TRANSPORT_DATA:
          this.hasData = true;
          this.payloadOffset = at + TRANSPORT_DATA_BYTES;
          this.payloadLength = end - this.payloadOffset;
          return readTransportData(bytes, at, length, this.data) && this.payloadLength > 0;
        case Subfield.REPAIR:
          this.hasRepair = true;
          this.payloadOffset = at + REPAIR_BYTES;
          this.payloadLength = end - this.payloadOffset;
          return readRepair(bytes, at, length, this.repair) && this.payloadLength > 0;
        case Subfield.ACKNOWLEDGEMENT:
          if (this.hasAcknowledgement) return false;
          this.hasAcknowledgement = true;
          if (!readAcknowledgement(bytes, at, length, this.acknowledgement)) return false;
          break;
        case Subfield.RECEIVED:
          if (!this.hasAcknowledgement) return false;
          if (!readReceived(bytes, at, length, this.acknowledgement)) return false;
          break;
        case Subfield.CLOSE:
          this.close = true;
          break;
        case Subfield.PROBE_ANSWER:
          this.hasAnswer = true;
          if (!readProbeAnswer(bytes, at, length, this.answer)) return false;
          break;
        case Subfield.CONFIRMATION:
          this.confirmation = readConfirmation(bytes, at, length);
          if (this.confirmation === undefined) return false;
          break;
        case Subfield.PROBE:
          this.probe = readProbe(bytes, at, length);
          return this.probe >= 0;
      }
      at += length;
    }
    return true;
  }
}

/** The length of the subfield at `at`, at least 2 and within the datagram; 0 if it is neither. */
function subfieldLength(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return 0;
  const length = bytes[at]!;
  return length < 2 || at + length > end ? 0 : length;
}
