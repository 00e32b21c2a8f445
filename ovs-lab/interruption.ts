/** Somebody wants what is being shown or measured to end before it is done. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly code = "INTERRUPTED";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}
