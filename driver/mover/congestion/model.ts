/**
 * Decides how fast to send. It sees only transmissions and their fate, and has no clock of its own.
 * Bytes are bytes on the wire, times are milliseconds, rates are bytes per millisecond.
 */
export interface CongestionModel {
  readonly pacingRate: number;
  /** What the link is believed to take, without the ups and downs of probing. */
  readonly rate: number;
  /** Most bytes that may be in flight. */
  readonly window: number;
  /** 0 … 255: written into the record of every transmission, and given back with its fate. */
  readonly phase: number;
  /** The link's own loss, 0 … 1. */
  readonly lossRate: number;
  onSent(now: number, physical: number, bytes: number): void;
  /** A transmission of that phase was lost. */
  onLost(phase: number, bytes: number): void;
  /** … and was not lost after all. */
  onLossUndone(phase: number, bytes: number): void;
  /** After the losses that the acknowledgement revealed. */
  onAcknowledgement(ack: AcknowledgementSample): void;
  /** There was nothing to send although it would have been allowed: rates seen until `physical` is received say little. */
  onIdle(now: number, physical: number): void;
  /** Several probe time-outs have passed without an answer. */
  onSilence(): void;
  /** The session is new, the path is not: keep what is known of it. */
  restart(): void;
}

/** What an acknowledgement has told; one object is reused for all. */
export interface AcknowledgementSample {
  now: number;
  /** The same moment's acknowledgement was written then, by the receiver's clock, whose zero is unknown. */
  receiverNow: number;
  /** How long the newest transmission was on its way, plus an unknown constant; NaN if that is not new. */
  forwardDelay: number;
  /** All bytes received since the session began. */
  delivered: number;
  /** When the newest transmission known as received was sent. */
  newestSentAt: number;
  /** Its physical number. */
  highestReceived: number;
  /** All below are received or lost. */
  lowestInFlight: number;
  /** The next physical number. */
  next: number;
  inFlight: number;
  /** A new sample, or NaN. */
  rtt: number;
  smoothedRtt: number;
}

/** One to be filled, and reused. */
export function newSample(): AcknowledgementSample {
  return {
    now: 0,
    receiverNow: 0,
    forwardDelay: Number.NaN,
    delivered: 0,
    newestSentAt: Number.NaN,
    highestReceived: 0,
    lowestInFlight: 1,
    next: 1,
    inFlight: 0,
    rtt: Number.NaN,
    smoothedRtt: Number.NaN,
  };
}
