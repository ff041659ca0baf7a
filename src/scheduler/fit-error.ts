import type { Rejection } from './framework.ts';

/** Why no node would do, as the event and the condition say it (pkg/scheduler/framework types.go FitError). */
export function fitErrorMessage(nodeCount: number, preFilter: Rejection | undefined, perNode: readonly Rejection[], postFilter: string): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const reasons = preFilter ? preFilter.reasons.join(', ') : histogram(perNode.flatMap((one) => one.reasons));
  return `0/${nodeCount} nodes are available:${reasons ? ` ${reasons}.` : ''}${postFilter ? ` ${postFilter}` : ''}`;
}

/** What preemption has to say: on which nodes it cannot help, and where it found nobody to evict. */
export function preemptionMessage(nodeCount: number, perNode: readonly Rejection[], preemptionPolicy: string | undefined): string {
  if (preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.';
  const said = perNode.map(({ code }) =>
    code === 'unresolvable' ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod',
  );
  return `preemption: 0/${nodeCount} nodes are available: ${histogram(said)}.`;
}

/** `1 Too many pods, 2 Insufficient cpu`: how often each reason was met, sorted as texts. */
function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}
