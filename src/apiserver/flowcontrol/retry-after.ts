const retryAfterMax = 32;

/**
 * When those who were turned away may come back, in seconds: the longer, the more of them there were lately
 * (util/flowcontrol dropped_requests_tracker.go). One for each priority level.
 */
export class RetryAfter {
  seconds = 1;
  /** Seconds in which requests were turned away, and how many, oldest first. */
  #history: { readonly second: number; readonly count: number }[] = [];
  #current = { second: 0, count: 0 };
  #raisedAt = 0;

  /** One more was turned away. */
  note(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (this.#current.second === second) {
      this.#current.count += 1;
      return;
    }
    const keptFor = Math.min(2 * this.seconds, retryAfterMax);
    this.#history = [...this.#history, this.#current].filter((one) => second - one.second <= keptFor);
    this.#current = { second, count: 1 };
    this.#adapt(second);
  }

  #adapt(second: number): void {
    const lately = this.#history.filter((one) => second - one.second <= this.seconds).reduce((sum, { count }) => sum + count, 0);
    if (second - this.#raisedAt >= this.seconds && lately >= 3 * this.seconds) {
      this.seconds = Math.min(2 * this.seconds, retryAfterMax);
      this.#raisedAt = second;
    } else if (lately < this.seconds && this.seconds > 1) this.seconds -= 1;
  }
}
