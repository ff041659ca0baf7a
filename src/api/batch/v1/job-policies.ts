import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { goQuoted } from '../../../machinery/go-syntax.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isQualifiedName } from '../../meta/names.ts';

const maxRules = 20;
const maxExitCodes = 255;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];
const quoted = (values: readonly string[]): string => `valid values: ${goQuoted(values)}`;

/** pkg/apis/batch/validation validatePodFailurePolicy. */
export function validatePodFailurePolicy(mistakes: Mistakes, spec: JobSpec, at: FieldPath): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  if (rules.length > maxRules) mistakes.tooMany(at.child('rules'), rules.length, maxRules);
  const pod = spec.template?.spec;
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map((container) => container.name));
  rules.forEach((rule, i) => {
    validateRule(mistakes, spec, rule, names, at.child('rules').index(i));
  });
}

function oneOf(mistakes: Mistakes, value: string, allowed: readonly string[], at: FieldPath): void {
  if (!value) mistakes.required(at, quoted(allowed));
  else if (!allowed.includes(value)) mistakes.notSupported(at, value, allowed);
}

function validateRule(mistakes: Mistakes, spec: JobSpec, rule: PodFailurePolicyRule, names: ReadonlySet<string>, at: FieldPath): void {
  oneOf(mistakes, rule.action, actions, at.child('action'));
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
    mistakes.invalid(at.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set');
  const conditions = rule.onPodConditions ?? [];
  if (rule.onExitCodes) validateExitCodes(mistakes, rule.onExitCodes, names, at.child('onExitCodes'));
  if (conditions.length > maxRules) mistakes.tooMany(at.child('onPodConditions'), conditions.length, maxRules);
  conditions.forEach((pattern, i) => {
    const one = at.child('onPodConditions').index(i);
    mistakes.invalid(one.child('type'), pattern.type, isQualifiedName(pattern.type ?? ''));
    oneOf(mistakes, pattern.status ?? '', statuses, one.child('status'));
  });
  if (rule.onExitCodes && conditions.length > 0) mistakes.invalid(at, rule, 'specifying both OnExitCodes and OnPodConditions is not supported');
  if (!rule.onExitCodes && conditions.length === 0) mistakes.invalid(at, rule, 'specifying one of OnExitCodes and OnPodConditions is required');
}

function validateExitCodes(mistakes: Mistakes, codes: NonNullable<PodFailurePolicyRule['onExitCodes']>, names: ReadonlySet<string>, at: FieldPath): void {
  oneOf(mistakes, codes.operator, operators, at.child('operator'));
  if (codes.containerName !== undefined && !names.has(codes.containerName))
    mistakes.invalid(at.child('containerName'), codes.containerName, 'must be one of the container or initContainer names in the pod template');
  const values = codes.values ?? [];
  const where = at.child('values');
  if (values.length === 0) mistakes.invalid(where, values, 'at least one value is required');
  else if (values.length > maxExitCodes) mistakes.tooMany(where, values.length, maxExitCodes);
  const seen = new Set<number>();
  values.forEach((value, i) => {
    if (codes.operator === 'In' && value === 0) mistakes.invalid(where.index(i), value, 'must not be 0 for the In operator');
    if (seen.has(value)) mistakes.duplicate(where.index(i), value);
    seen.add(value);
  });
  if (values.some((value, i) => i > 0 && (values[i - 1] as number) > value)) mistakes.invalid(where, values, 'must be ordered');
}

/** pkg/apis/batch/validation validateSuccessPolicy. */
export function validateSuccessPolicy(mistakes: Mistakes, spec: JobSpec, at: FieldPath): void {
  const rules = spec.successPolicy?.rules ?? [];
  if (rules.length === 0) mistakes.required(at.child('rules'), 'at least one rules must be specified when the successPolicy is specified');
  if (rules.length > maxRules) mistakes.tooMany(at.child('rules'), rules.length, maxRules);
  rules.forEach((rule, i) => {
    validateSuccessRule(mistakes, rule, spec.completions ?? 0, at.child('rules').index(i));
  });
}

function validateSuccessRule(mistakes: Mistakes, rule: SuccessPolicyRule, completions: number, at: FieldPath): void {
  const { succeededCount, succeededIndexes } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined)
    mistakes.required(at, 'at least one of succeededCount or succeededIndexes must be specified');
  const indexes = succeededIndexes === undefined ? 0 : countIndexes(succeededIndexes, completions);
  if (typeof indexes === 'string') mistakes.invalid(at.child('succeededIndexes'), succeededIndexes, `error parsing succeededIndexes: ${indexes}`);
  if (succeededCount === undefined) return;
  const where = at.child('succeededCount');
  mistakes.nonNegative(where, succeededCount);
  if (succeededCount > completions)
    mistakes.invalid(where, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`);
  if (succeededIndexes !== undefined && typeof indexes === 'number' && succeededCount > indexes)
    mistakes.invalid(where, succeededCount, `must be less than or equal to ${indexes} (the number of indexes in the specified succeededIndexes field)`);
}

/** How many indexes `1,3-5` names, or what is wrong with the text. */
function countIndexes(text: string, completions: number): number | string {
  let [total, last] = [0, -1];
  for (const part of text === '' ? [] : text.split(',')) {
    const ends = part.split('-');
    if (ends.length > 2)
      return `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    const bad = ends.find((end) => !/^\d+$/.test(end));
    if (bad !== undefined) return `cannot convert string to integer for index: ${JSON.stringify(bad)}`;
    const [first, final] = [Number(ends[0]), Number(ends.at(-1))];
    if (first >= completions || final >= completions) return `too large index: ${JSON.stringify(first >= completions ? ends[0] : ends[1])}`;
    if (first <= last) return `non-increasing order, previous: ${last}, current: ${first}`;
    if (ends.length === 2 && final <= first) return `non-increasing order, previous: ${first}, current: ${final}`;
    total += final - first + 1;
    last = final;
  }
  return total;
}
