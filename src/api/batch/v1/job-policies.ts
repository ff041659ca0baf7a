import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../../../generated/types/index.ts';
import { type FieldPath, omitted } from '../../../machinery/field-error.ts';
import { goNumberList, goQuoted } from '../../../machinery/go-syntax.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { countIndexes } from './job-indexes.ts';

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
  if (rule.onExitCodes && conditions.length > 0) mistakes.invalid(at, omitted, 'specifying both OnExitCodes and OnPodConditions is not supported');
  if (!rule.onExitCodes && conditions.length === 0) mistakes.invalid(at, omitted, 'specifying one of OnExitCodes and OnPodConditions is required');
}

function validateExitCodes(mistakes: Mistakes, codes: NonNullable<PodFailurePolicyRule['onExitCodes']>, names: ReadonlySet<string>, at: FieldPath): void {
  oneOf(mistakes, codes.operator, operators, at.child('operator'));
  if (codes.containerName !== undefined && !names.has(codes.containerName))
    mistakes.invalid(at.child('containerName'), codes.containerName, 'must be one of the container or initContainer names in the pod template');
  const values = codes.values ?? [];
  const where = at.child('values');
  if (values.length === 0) mistakes.invalid(where, goNumberList(codes.values), 'at least one value is required');
  else if (values.length > maxExitCodes) mistakes.tooMany(where, values.length, maxExitCodes);
  const seen = new Set<number>();
  values.forEach((value, i) => {
    if (codes.operator === 'In' && value === 0) mistakes.invalid(where.index(i), value, 'must not be 0 for the In operator');
    if (seen.has(value)) mistakes.duplicate(where.index(i), value);
    seen.add(value);
  });
  if (values.some((value, i) => i > 0 && (values[i - 1] as number) > value)) mistakes.invalid(where, goNumberList(values), 'must be ordered');
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
  // What cannot be read names no index.
  const count = typeof indexes === 'number' ? indexes : 0;
  if (succeededIndexes !== undefined && succeededCount > count)
    mistakes.invalid(where, succeededCount, `must be less than or equal to ${count} (the number of indexes in the specified succeededIndexes field)`);
}
