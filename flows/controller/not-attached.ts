import type { SteeringStatus } from "./options.js";

/** Something was asked that is not known before the plugin has been attached to the bridge. */
export class NotAttachedError extends Error {
  readonly code = "not-attached";

  constructor({ bridge, state, reason }: SteeringStatus) {
    super(`not attached to ${bridge} yet: ${state}${reason === undefined ? "" : ` (${reason})`}`);
    this.name = "NotAttachedError";
  }
}
