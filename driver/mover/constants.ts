/**
 * Specification constants: both sides must agree on them, so changing one changes the protocol
 * (docs/wire-format.md).
 */

/** Between the lowest segment not acknowledged and the highest sent there are at most so many. */
export const MAXIMUM_SEGMENT_SPAN = 1 << 18;
/** The largest buffer, the mover's field included: every receiver takes that much. */
export const MAXIMUM_BUFFER_BYTES = 262_144;
/**
 * A receiver whose budget allows answers every segment within so many milliseconds; in any case within half a
 * round trip, if that is longer, and at most the second figure.
 */
export const MAXIMUM_ACK_DELAY = 25;
export const EXHAUSTED_ACK_DELAY = 100;
/** Physical numbers jump at most so far; more is an attack or damage. */
export const MAXIMUM_PHYSICAL_JUMP = 1 << 19;
/** A repair datagram is the sum of segments out of so many in a row at most. */
export const MAXIMUM_ENCODING_WINDOW = 1024;

/**
 * Implementation constants: each side chooses its own.
 */

/** Buffers are asked for in this size at most, the mover's field included. */
export const LARGEST_BUFFER = 65_536;
/** … but only as much as is sent in so many milliseconds, and as loses so many segments in the mean; and so many segments at least. */
export const BUFFER_TIME = 15;
export const LOSSES_IN_BUFFER = 0.16;
export const LEAST_BUFFER_SEGMENTS = 6;

/** UDP payload on a path with an MTU of 1500. */
export const DEFAULT_SEGMENT_SIZE = 1472;
export const DEFAULT_RECEIVE_WINDOW = 64 * 1024 * 1024;
export const DEFAULT_KEEPALIVE = 400;
export const DEFAULT_SILENT_AFTER = 2500;
export const DEFAULT_DOWN_AFTER = 45_000;

/** Hellos go out again after so many milliseconds, then half as long again each time, up to the second figure. */
export const HELLO_FIRST_INTERVAL = 200;
export const HELLO_LONGEST_INTERVAL = 1000;

/** The same hello is sent again for so many milliseconds, which has to be longer than any round trip; then a fresh one. */
export const ATTEMPT_LIFETIME = 5000;
/** Whose boot id is the greater waits so long for an answer before it answers the peer's hello itself. */
export const INSIST = 1000;
/** After an answer, one's own hellos rest so long. */
export const REST = 3000;
/** Before an answer is used, so long no hello of another process takes its place. */
export const OFFER_HOLD = 1000;
/** Hellos of a peer that are worked on: so many a second, and at once; as many again with a cookie. */
export const HANDSHAKES_A_SECOND = 20;
export const HANDSHAKE_BURST = 8;
/** Cookies cost little, and are shorter than what they answer; so many a second are given, and at once. */
export const COOKIES_A_SECOND = 1000;
export const COOKIE_BURST = 10;
/** How often it is looked at who a stranger is. */
export const STRANGERS_A_SECOND = 1;
/** A stranger is told of when it comes again within so many milliseconds. */
export const STRANGER_MEMORY = 10_000;
/** A cookie is used for so many milliseconds. */
export const COOKIE_USE = 120_000;
/** New keys after so many milliseconds; the side that has answered last waits this much longer. */
export const REKEY_AFTER = 120_000;
export const REKEY_GRACE = 30_000;
/** … or after so many datagrams (RFC 9001 §6.6: 2^23 with AES-GCM). */
export const REKEY_DATAGRAMS = 2 ** 23;
/** What the old keys have sealed is taken for so many milliseconds. */
export const FORMER_KEYS = 10_000;
/** Until the peer has shown that it knows of new keys, something is sent to it this often. */
export const CONFIRM_INTERVAL = 100;

/** Datagrams to a batch. */
export const BATCH_SIZE = 64;
/** The longest burst is so many segments: what one GSO send can carry. */
export const LONGEST_BURST = 46;
/** The shortest burst that is worth a wake-up, in milliseconds of the rate. */
export const BURST_INTERVAL = 0.25;
/** Credit for sending is kept for so many bursts, and what a late wake-up leaves over is lost. */
export const CREDIT_BURSTS = 2;
/**
 * … or for so many milliseconds of the rate: what a busy processor lets a thread wait for. Credit that is lost is rate
 * that is not sent, and then not measured either, until the rate itself is taken for lower than it is.
 */
export const CREDIT_TIME = 8;

/** Acknowledgements may cost this part of what they acknowledge. */
export const ACK_BUDGET = 0.0095;
/** Saved-up budget, in bytes. */
export const ACK_BUDGET_LIMIT = 3000;
/** What may be overdrawn at most, in bytes: two or three acknowledgements. */
export const ACK_DEBT_LIMIT = 200;
/** An acknowledgement goes out after so many segments, if they took so many milliseconds, and after so many in any case. */
export const ACK_EVERY = 32;
export const ACK_EVERY_INTERVAL = 3;
export const ACK_EVERY_LIMIT = 256;
/** What an acknowledgement costs takes so many full segments to earn, in bytes; fewer may have to wait for theirs. */
export const ACK_EARNED = 12_000;
/** An acknowledgement waits at most so many milliseconds, or a quarter of the round trip. */
export const ACK_INTERVAL = 10;
/** Every received number is in the bitmaps of so many acknowledgements. */
export const ACK_REPEATS = 32;

/** Physical numbers that must arrive behind a missing one before it counts as lost (RFC 9002 §6.1.1). */
export const PACKET_THRESHOLD = 3;
/** Before any reordering has been seen, a gap is given this part of the round trip, and at most so long. */
export const REORDER_PART = 1 / 8;
export const REORDER_FIRST = 10;
export const REORDER_LEAST = 1;
/** The window is this much longer than the lateness that was seen. */
export const REORDER_MARGIN = 1.25;
export const REORDER_LONGEST = 500;
/** What was seen of reordering is remembered for this long, in milliseconds, at least. */
export const REORDER_MEMORY = 15_000;

/** Probe time-out: never sooner, never later (milliseconds), never before the first RTT sample than the third. */
export const PROBE_LEAST = 5;
export const PROBE_LONGEST = 1000;
export const PROBE_UNKNOWN = 500;
/** Segments sent again at a probe time-out. */
export const PROBES = 2;
/** After so many probe time-outs in a row the rate is no longer believed. */
export const SILENT_PROBES = 5;
/** Repair may cost this part of what is sent, that part of what could be, and what it has saved; saved up are so many bytes at most. */
export const REPAIR_BUDGET = 0.0075;
export const REPAIR_RATE = 0.002;
export const REPAIR_BUDGET_LIMIT = 48_000;
/** A source that has had nothing to say for that part of a round trip is taken to have finished; in milliseconds, from … to … */
export const REPAIR_DELAY = 1 / 16;
export const REPAIR_LEAST_DELAY = 2;
export const REPAIR_MOST_DELAY = 8;
/** Beside bulk, a buffer of so many segments at most is followed by a repair datagram at once. */
export const REPAIR_BRIEF = 4;
/** On a path that loses less than this of itself, nothing is repaired. */
export const REPAIR_LEAST_LOSS = 0.0005;
/** Repair datagrams at a time, and equations of the receiver's that wait for more, at most. */
export const REPAIR_SYMBOLS = 16;
export const REPAIR_EQUATIONS = 32;
/** After so many segments without a loss or a repair datagram none is expected any more. */
export const REPAIR_MEMORY = 1 << 17;
/** How long a transmission found lost is remembered, beside two round trips, so as to see that it was not. */
export const LOST_MEMORY = 300;
/** The rate of delivery is taken over so many milliseconds. */
export const DELIVERY_SPAN = 100;
/** Earlier boot ids of the peer that are remembered. */
export const RETIRED_BOOTS = 8;
/** A change of the rate by this part is an event. */
export const RATE_STEP = 0.1;
/** Whether reassembly contradicts itself is looked at this often, in milliseconds. */
export const EXAMINE_INTERVAL = 1000;

/** Without an answer by datagrams for so many milliseconds, the stream is tried beside them. */
export const WAY_PATIENCE = 3000;
/** Beside a stream datagrams are probed this often, in milliseconds; so many probes without an answer are a verdict … */
export const WAY_PROBE_INTERVAL = 500;
export const WAY_PROBE_LOSSES = 6;
/** … and so many that were answered are the other one. */
export const WAY_PROBE_ANSWERS = 3;
/** A stream that is not needed any more is kept for so many milliseconds. */
export const STREAM_LINGER = 30_000;
/** Long datagrams without an acknowledgement for so many milliseconds, or round trips, are a reason to ask whether they get through. */
export const DOUBT_AFTER = 1000;
export const DOUBT_TRIPS = 3;
/** A segment that was cut when datagrams could be longer, and does not get through in fragments, ends the session after so many milliseconds. */
export const STUCK_AFTER = 20_000;
