/** The pause between two looks at how things stand: it ends early when something has changed. */
export class Pause {
  #changed = false;
  #end: (() => void) | undefined;

  /** Something has changed: the pause ends, or the next one ends at once. */
  cut(): void {
    this.#changed = true;
    this.#end?.();
  }

  /** What has changed until now is being looked at. */
  forget(): void {
    this.#changed = false;
  }

  /** So many milliseconds, or until `cut`; all of them where nothing may cut it short. */
  async take(milliseconds: number, mayBeCut: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#end = () => {
        if (!mayBeCut()) return;
        clearTimeout(timer);
        resolve();
      };
      if (this.#changed) this.#end();
    });
    this.#end = undefined;
  }
}
