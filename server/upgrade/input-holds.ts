/** Real milliseconds between two looks whether a client that is not listened to is still there. */
const lookMs = 5_000;

/** A connection whose input can be held back. */
export interface Holdable {
  pause(): void;
  resume(): void;
  /** Sends something that changes nothing. */
  ping(): void;
}

/**
 * Who holds back what a client sends, because a receiver is full. A connection that nobody reads does not tell that its other end has gone,
 * but what is written to it fails then: so while it is held, it is pinged now and then, and whoever has vanished is not waited for.
 */
export class InputHolds {
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(readonly connection: Holdable) {}

  get held(): boolean {
    return this.#count > 0;
  }

  /** No input is read until the returned function is called. */
  hold(): () => void {
    this.#count += 1;
    if (this.#count === 1 && !this.#closed) {
      this.connection.pause();
      this.#timer = setInterval(() => this.connection.ping(), lookMs).unref();
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#count -= 1;
      if (this.#count > 0 || this.#closed) return;
      clearInterval(this.#timer);
      this.connection.resume();
    };
  }

  /** The connection is gone. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }
}
