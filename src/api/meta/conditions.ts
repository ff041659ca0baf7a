import type { FieldPath } from '../../machinery/field-error.ts';
import type { Mistakes } from './mistakes.ts';
import { byteLength, conditionReasonMistakes, isQualifiedName } from './names.ts';

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

interface MetaCondition {
  readonly type?: string;
  readonly status?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

const maxReasonBytes = 1024;
const maxMessageBytes = 32 * 1024;
const statuses = ['False', 'True', 'Unknown'];

/** Conditions of meta/v1, which some kinds have (apimachinery/pkg/apis/meta/v1/validation ValidateConditions). */
export function validateConditions(mistakes: Mistakes, conditions: readonly MetaCondition[], at: FieldPath): void {
  const seen = new Set<string>();
  conditions.forEach(({ type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' }, i) => {
    const here = at.index(i);
    if (seen.has(type)) mistakes.duplicate(here.child('type'), type);
    seen.add(type);
    mistakes.invalid(here.child('type'), type, isQualifiedName(type));
    if (!statuses.includes(status)) mistakes.notSupported(here.child('status'), status, statuses);
    if (observedGeneration < 0) mistakes.invalid(here.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero');
    if (!lastTransitionTime) mistakes.required(here.child('lastTransitionTime'), 'must be set');
    if (!reason) mistakes.required(here.child('reason'), 'must be set');
    else mistakes.invalid(here.child('reason'), reason, conditionReasonMistakes(reason));
    if (byteLength(reason) > maxReasonBytes) mistakes.tooLong(here.child('reason'), maxReasonBytes);
    if (byteLength(message) > maxMessageBytes) mistakes.tooLong(here.child('message'), maxMessageBytes);
  });
}
