import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A heap of this size holds thousands of containers or tens of thousands of objects. */
const largeHeapBytes = 256 * 1024 ** 2;
/** How far a heap may grow over what was alive at the last full collection. */
const growthPercent = { small: 300, large: 60 } as const;
const checkedEveryMs = 1000;

/**
 * Holds a large heap together. Thousands of sleeping processes each live just long enough to be moved to V8's old generation, and
 * die there: 270 MiB of live objects would be collected at 1,100 MiB only. Collecting sooner costs about 1 % of a core there.
 *
 * A small heap may always grow as far as V8 lets any. Left to itself V8 allows it less during a burst of writes, and would look through the
 * whole heap once a second, which takes a tenth of the main thread, though next to nothing is free there.
 */
export function restrainHeap(): void {
  let percent = 0;
  const check = () => {
    const wanted = getHeapStatistics().total_heap_size > largeHeapBytes ? growthPercent.large : growthPercent.small;
    if (wanted === percent) return;
    percent = wanted;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  check();
  setInterval(check, checkedEveryMs).unref();
}

/** Ends what `restrainHeap` has set. */
export function releaseHeap(): void {
  setFlagsFromString('--heap-growing-percent=0');
}

const secondCollectionMs = 1000;
let collect: (() => void) | undefined;

/**
 * Collects all garbage now. After a container that held much has gone, hardly anything is allocated in an idle server, so V8 would keep
 * what is free for minutes.
 */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
  // The first finds what is free; the second, that it stays so, and gives its pages back.
  setTimeout(collect, secondCollectionMs).unref();
}
