interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

/** The conditions with this one in the place of that of its type, or behind them. While its status stays, so does the time of its last transition. */
export function withCondition<T extends Condition>(conditions: readonly T[] | undefined, condition: T): T[] {
  const all = conditions ?? [];
  const before = all.find((one) => one.type === condition.type);
  if (!before) return [...all, condition];
  const next = before.status === condition.status ? { ...condition, lastTransitionTime: before.lastTransitionTime } : condition;
  return all.map((one) => (one === before ? next : one));
}
