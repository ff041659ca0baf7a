/** First in, first out. An empty one keeps its room, so that whoever comes and goes all the time allocates nothing. */
export class FifoQueue<T> {
  readonly #items: T[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Undefined if it is empty. */
  shift(): T | undefined {
    if (this.isEmpty) return undefined;
    const first = this.#items[this.#head];
    this.#head += 1;
    if (this.isEmpty) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return first;
  }
}
