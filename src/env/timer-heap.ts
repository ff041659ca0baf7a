import type { Task, Timer } from './loop.ts';

interface Entry extends Timer {
  task: Task;
  readonly order: number;
  cancelled: boolean;
}

/** Timers by due time, then by arrival: a binary heap that drops cancelled entries when they come to the top. */
export class TimerHeap {
  #heap: Entry[] = [];
  #order = 0;
  #cancelled = 0;

  add(at: number, name: string, task: Task): Timer {
    const entry: Entry = {
      at,
      name,
      task,
      order: this.#order++,
      cancelled: false,
      cancel: () => this.#cancel(entry),
    };
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return entry;
  }

  /** The soonest timer that still counts. */
  peek(): Entry | undefined {
    while (this.#heap[0]?.cancelled) {
      this.#pop();
      this.#cancelled -= 1;
    }
    return this.#heap[0];
  }

  take(): void {
    const top = this.peek();
    if (!top) return;
    this.#pop();
    top.cancelled = true; // A cancel after this has nothing left to undo.
  }

  list(limit: number): Timer[] {
    return this.#heap
      .filter((entry) => !entry.cancelled)
      .sort(before)
      .slice(0, limit);
  }

  clear(): void {
    this.#heap = [];
    this.#cancelled = 0;
  }

  #cancel(entry: Entry): void {
    if (entry.cancelled) return;
    entry.cancelled = true;
    entry.task = nothing; // It may stay in the heap for long; what it would have done must not.
    this.#cancelled += 1;
    // A program that sets and cancels timers for ever must not grow the heap for ever.
    if (this.#cancelled > 1024 && this.#cancelled > this.#heap.length / 2) this.#sweep();
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((entry) => !entry.cancelled).sort(before);
    this.#cancelled = 0;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (this.#heap.length === 0 || !last) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(index: number): void {
    const heap = this.#heap;
    let child = index;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (before(heap[parent] as Entry, heap[child] as Entry) <= 0) return;
      [heap[parent], heap[child]] = [heap[child] as Entry, heap[parent] as Entry];
      child = parent;
    }
  }

  #down(index: number): void {
    const heap = this.#heap;
    let parent = index;
    for (;;) {
      const left = parent * 2 + 1;
      const right = left + 1;
      let least = parent;
      if (left < heap.length && before(heap[left] as Entry, heap[least] as Entry) < 0) least = left;
      if (right < heap.length && before(heap[right] as Entry, heap[least] as Entry) < 0) least = right;
      if (least === parent) return;
      [heap[parent], heap[least]] = [heap[least] as Entry, heap[parent] as Entry];
      parent = least;
    }
  }
}

function nothing(): void {}

function before(a: Entry, b: Entry): number {
  return a.at - b.at || a.order - b.order;
}
