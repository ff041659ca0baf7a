/**
 * Delays per key as the kubelet keeps them for pulls and crashes (client-go/util/flowcontrol Backoff): the first is
 * `baseMs`, each next one doubles up to `maxMs`, and a key that was quiet for twice `maxMs` begins anew.
 */
export class BackOff {
  readonly #entries = new Map<string, { delayMs: number; updatedAt: number }>();

  constructor(
    readonly baseMs: number,
    readonly maxMs: number,
  ) {}

  /** Counts one more failure, or one more start of what failed. */
  next(key: string, now: number): void {
    const entry = this.#entries.get(key);
    const delayMs = !entry || this.#expired(entry, now) ? this.baseMs : Math.min(entry.delayMs * 2, this.maxMs);
    this.#entries.set(key, { delayMs, updatedAt: now });
  }

  /** The present delay; 0 if there is none. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** When the delay that runs since `eventTime` is over, or undefined if it is over at `now`. */
  until(key: string, eventTime: number, now: number): number | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(entry, eventTime)) return undefined;
    const end = eventTime + entry.delayMs;
    return now < end ? end : undefined;
  }

  /** When the delay that runs since the last failure is over, or undefined if it is over at `now`. */
  untilSinceUpdate(key: string, now: number): number | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(entry, now)) return undefined;
    const end = entry.updatedAt + entry.delayMs;
    return now < end ? end : undefined;
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: { updatedAt: number }, now: number): boolean {
    return now - entry.updatedAt > this.maxMs * 2;
  }
}
