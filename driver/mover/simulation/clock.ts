/** Virtual time: things to be done at a time, done in order of time, and of asking where times are equal. */
export class SimulatedClock {
  now = 0;
  #at = new Float64Array(1024);
  #order = new Float64Array(1024);
  #tasks: (() => void)[] = [];
  #size = 0;
  #asked = 0;

  /** Does `task` at `time`, or now if that is past. Tasks are not taken back. */
  at(time: number, task: () => void): void {
    if (this.#size === this.#at.length) this.#grow();
    this.#asked += 1;
    const due = Math.max(time, this.now);
    let i = this.#size;
    this.#size += 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#earlier(due, this.#asked, parent)) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#put(i, due, this.#asked, task);
  }

  /** Runs until `time`, or until nothing is left to do. */
  runUntil(time: number): void {
    while (this.#size > 0 && this.#at[0]! <= time) this.#step();
    if (Number.isFinite(time)) this.now = Math.max(this.now, time);
  }

  /** Runs until `done` says so; false if `limit` came first. */
  runWhile(goOn: () => boolean, limit: number): boolean {
    while (goOn()) {
      if (this.#size === 0 || this.#at[0]! > limit) return false;
      this.#step();
    }
    return true;
  }

  #step(): void {
    const task = this.#tasks[0]!;
    this.now = this.#at[0]!;
    this.#size -= 1;
    const last = this.#size;
    if (last > 0) this.#sink(this.#at[last]!, this.#order[last]!, this.#tasks[last]!);
    this.#tasks.length = last;
    task();
  }

  /** Lets what was last find its place from the root down. */
  #sink(due: number, order: number, task: () => void): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#earlier(this.#at[child + 1]!, this.#order[child + 1]!, child))
        child += 1;
      if (!this.#earlierThan(child, due, order)) break;
      this.#move(child, i);
      i = child;
    }
    this.#put(i, due, order, task);
  }

  #earlier(due: number, order: number, than: number): boolean {
    const other = this.#at[than]!;
    return due < other || (due === other && order < this.#order[than]!);
  }

  #earlierThan(index: number, due: number, order: number): boolean {
    const at = this.#at[index]!;
    return at < due || (at === due && this.#order[index]! < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from]!, this.#order[from]!, this.#tasks[from]!);
  }

  #put(i: number, due: number, order: number, task: () => void): void {
    this.#at[i] = due;
    this.#order[i] = order;
    this.#tasks[i] = task;
  }

  #grow(): void {
    const [at, order] = [this.#at, this.#order];
    this.#at = new Float64Array(at.length * 2);
    this.#order = new Float64Array(order.length * 2);
    this.#at.set(at);
    this.#order.set(order);
  }
}
