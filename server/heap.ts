import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A heap of this size holds thousands of containers or tens of thousands of objects. */
const largeHeapBytes = 256 * 1024 ** 2;
/** How far a large heap may grow over what was alive at the last full collection. 0 leaves it to V8, which allows up to 300 %. */
const largeHeapGrowthPercent = 60;
const checkedEveryMs = 5000;

/**
 * Holds a large heap together. Thousands of sleeping processes each live just long enough to be moved to V8's old generation, and
 * die there: 270 MiB of live objects would be collected at 1,100 MiB only. Collecting sooner costs about 1 % of a core there. Small
 * heaps grow as V8 likes, since a burst of writes is slower by a tenth otherwise.
 */
export function restrainHeap(): void {
  let percent = 0;
  const check = () => {
    const wanted = getHeapStatistics().total_heap_size > largeHeapBytes ? largeHeapGrowthPercent : 0;
    if (wanted === percent) return;
    percent = wanted;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  setInterval(check, checkedEveryMs).unref();
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
