/** Milliseconds between two looks at whether our flows are still there. */
export const CHECK_INTERVAL = 1000;
/** The same, while the switch is about to do what it has been asked for. */
export const SETTLE_INTERVAL = 50;
/** As many of these looks count flows only; then one compares them. */
export const COUNTS_PER_COMPARISON = 30;
/** Milliseconds until the next attempt after a failure, doubled from the first to the last. */
export const RETRY = { first: 200, last: 5000 };
/** Twice what OVS takes to look at all flows of its datapath (`max-revalidator`), in milliseconds. */
export const SETTLE = 1000;
/** Milliseconds for which the end waits for a connection that is just away, as after a change of the bridge's protocols. */
export const RETURN = 1000;
/** Milliseconds that the switch has for an answer. */
export const SWITCH_TIMEOUT = 5000;
