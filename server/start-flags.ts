import { setFlagsFromString } from 'node:v8';

interface Flag {
  readonly atStart: string;
  readonly usual: string;
}

/** V8 has optimized by these until Node.js 22, whose V8 waits for so many calls of a function that no start makes them. */
const optimization: readonly Flag[] = [
  { atStart: '--ticks-before-optimization=10000', usual: '--ticks-before-optimization=3' },
  { atStart: '--max-bytecode-size-for-early-opt=0', usual: '--max-bytecode-size-for-early-opt=81' },
];
const flags: readonly Flag[] = [
  ...(process.versions.node.startsWith('20.') ? optimization : []),
  { atStart: '--no-incremental-marking', usual: '--incremental-marking' },
];

/** A start that takes more than this, of very many nodes, is work like any other. */
const startProcessorMs = 700;
/** What a cluster does of itself once it is ready, before it has nothing more to do, takes half of this. */
const settlingProcessorMs = 100;
const checkedEveryMs = 100;

/**
 * Keeps V8 from what does not pay while the process starts, and for as long as it has little to do:
 *
 * - optimizing functions. A start calls many of them often enough to be worth it in V8's eyes, and then never again. V8 goes on
 *   counting meanwhile, so what is busy is optimized soon after the end. (Not so with --max-optimized-bytecode-size: what was
 *   too large once is not looked at again.)
 * - collecting its old generation beside the program. Next to nothing there has died by then.
 *
 * Both run in other threads, which a start on two cores waits for all the same: they took a fifth of its processor time, and the
 * optimizer 10 MB besides.
 */
export function beginStart(): void {
  for (const { atStart } of flags) setFlagsFromString(atStart);
}

/** Leaves V8 to itself once the cluster is ready and somebody has work for it. `starting` settles when it is ready. */
export function endStartInTime(starting: Promise<unknown>): void {
  let limitMs = startProcessorMs;
  const ready = () => {
    limitMs = Math.min(limitMs, processorMs() + settlingProcessorMs);
  };
  starting.then(ready, ready);
  const check = () => {
    if (processorMs() < limitMs) return;
    clearInterval(checking);
    for (const { usual } of flags) setFlagsFromString(usual);
  };
  const checking = setInterval(check, checkedEveryMs).unref();
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
