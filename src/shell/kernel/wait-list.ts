/** Those who wait for something, woken in the order they came. */
export class WaitList {
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  add(wake: () => void): () => void {
    this.#waiting.push(wake);
    return () => {
      const index = this.#waiting.indexOf(wake);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  /** Wakes all; who still cannot go on comes back. */
  wakeAll(): void {
    if (this.#waiting.length === 0) return;
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }
}
