/**
 * Requests that come in one turn of the event loop are begun together, when all of them have been read.
 *
 * With several clients at a time a server does twice as much that way. Were each request read, worked on and answered before the next one is
 * read, these steps would push each other out of the processor's caches, and every answer would find its client asleep: to have it woken costs
 * as much as all of HTTP. A request that comes alone loses a microsecond.
 */
export class RequestTurns {
  #gathering: Turn | undefined;

  /**
   * Does the work of a request in its turn. Of what changes the same object, one begins after the other, and reads of it come last: at once
   * they would all work on the same version, for one of them to win.
   * @param path what is read or changed
   */
  async take<T>(method: string, path: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#gathering ??= this.#gather());
    if (changing.has(method)) return turn.change(path, work);
    await turn.begun;
    if (turn.isChanging) await turn.changesOf(path);
    return work();
  }

  #gather(): Turn {
    return new Turn(() => {
      this.#gathering = undefined;
    });
  }
}

/** Methods that need a present version of what they change. */
const changing: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE']);

class Turn {
  /** When all requests of this turn have been read. */
  readonly begun: Promise<void>;
  #over: Promise<void> | undefined;
  /** The last change of each path. */
  readonly #changes = new Map<string, Promise<unknown>>();

  constructor(onBegin: () => void) {
    this.begun = new Promise((resolve) => {
      setImmediate(() => {
        onBegin();
        resolve();
      });
    });
  }

  get isChanging(): boolean {
    return this.#changes.size > 0;
  }

  /** Answers of changes of one path are given together as well: not before the last of them is done. */
  async change<T>(path: string, work: () => Promise<T>): Promise<T> {
    const before = this.#changes.has(path) ? this.changesOf(path) : this.begun;
    const change = before.then(work);
    this.#changes.set(path, change);
    try {
      return await change;
    } finally {
      if (this.#changes.get(path) !== change) await this.changesOf(path);
    }
  }

  /** Resolves when the changes of a path are done. Those that wait for something outside, and so outlast the turn, hold up nobody. */
  async changesOf(path: string): Promise<void> {
    const last = this.#changes.get(path);
    if (last) await Promise.race([last.catch(() => undefined), this.#end()]);
  }

  #end(): Promise<void> {
    this.#over ??= this.begun.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#over;
  }
}
