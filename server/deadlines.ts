/** Something that has to be over by a moment of real time. */
interface Pending {
  readonly byMs: number;
  readonly expire: () => void;
}

/** Nothing waits for longer than this beyond its deadline. */
const lookedAtEveryMs = 1_000;

/**
 * Deadlines that hardly anything ever reaches: one timer for all of them, since to set and clear one for each request costs more than reading
 * its body.
 */
export class Deadlines {
  readonly #pending = new Set<Pending>();
  #timer: NodeJS.Timeout | undefined;

  /** Calls `expire` when `ms` of real time have passed, or up to a second later; returns how to call it off. */
  add(ms: number, expire: () => void): () => void {
    const pending = { byMs: performance.now() + ms, expire };
    this.#pending.add(pending);
    this.#timer ??= setTimeout(this.#look, Math.min(ms, lookedAtEveryMs)).unref();
    return () => this.#pending.delete(pending);
  }

  readonly #look = () => {
    this.#timer = undefined;
    const now = performance.now();
    for (const pending of this.#pending) {
      if (pending.byMs > now) continue;
      this.#pending.delete(pending);
      pending.expire();
    }
    if (this.#pending.size > 0) this.#timer = setTimeout(this.#look, lookedAtEveryMs).unref();
  };
}
