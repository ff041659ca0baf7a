import { CancelledError } from './kubelet-error.ts';

/** Lets a long wait end early, as a cancelled context does. */
export class Cancellation {
  readonly #listeners = new Set<() => void>();
  #cancelled = false;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    this.#cancelled = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  /** What `work` comes to, or a CancelledError if that comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    if (this.#cancelled) {
      work.catch(() => {}); // Nobody waits for it any more.
      return Promise.reject(new CancelledError());
    }
    return new Promise<T>((resolve, reject) => {
      const stop = () => reject(new CancelledError());
      this.#listeners.add(stop);
      work.then(resolve, reject).finally(() => this.#listeners.delete(stop));
    });
  }
}
