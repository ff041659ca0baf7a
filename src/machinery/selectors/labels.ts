import type { LabelSelector } from '../../../generated/types/index.ts';

export type LabelOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'GreaterThan' | 'LessThan';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
  /** `==` and `=` behave as In with one value, but print as they were written. */
  readonly text: string;
}

/** All requirements must hold. An empty list selects everything; `undefined` where nothing is to be selected. */
export type LabelRequirements = readonly LabelRequirement[];

export type Labels = Readonly<Record<string, string>> | undefined;

export function matchesLabels(requirements: LabelRequirements, labels: Labels): boolean {
  return requirements.every((one) => holds(one, labels ?? {}));
}

function holds({ key, operator, values }: LabelRequirement, labels: Readonly<Record<string, string>>): boolean {
  const present = Object.hasOwn(labels, key);
  const value = labels[key] as string;
  switch (operator) {
    case 'In':
      return present && values.includes(value);
    case 'NotIn':
      return !present || !values.includes(value);
    case 'Exists':
      return present;
    case 'DoesNotExist':
      return !present;
    case 'GreaterThan':
    case 'LessThan': {
      if (!present || !/^[+-]?\d+$/.test(value)) return false;
      const [left, right] = [BigInt(value), BigInt(values[0] ?? '0')];
      return operator === 'GreaterThan' ? left > right : left < right;
    }
  }
}

/** A selector object's requirements: an absent selector selects nothing (undefined), an empty one everything. */
export function requirementsOf(selector: LabelSelector | undefined): LabelRequirements | undefined {
  if (!selector) return undefined;
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => requirement(key, 'In', [value]));
  const rest = (selector.matchExpressions ?? []).map(({ key, operator, values }) => requirement(key, operator as LabelOperator, values ?? []));
  return [...equal, ...rest];
}

/** The requirements of a plain map, as a Service's selector. */
export function requirementsOfMap(map: Readonly<Record<string, string>>): LabelRequirements {
  return Object.entries(map).map(([key, value]) => requirement(key, 'In', [value]));
}

export function requirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  return { key, operator, values, text: formatRequirement(key, operator, values) };
}

function formatRequirement(key: string, operator: LabelOperator, values: readonly string[]): string {
  switch (operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'GreaterThan':
      return `${key}>${values[0]}`;
    case 'LessThan':
      return `${key}<${values[0]}`;
    default:
      if (operator === 'In' && values.length === 1) return `${key}=${values[0]}`;
      return `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})`;
  }
}

/** `app=web,tier in (a,b)`, keys sorted, as upstream prints selectors. */
export function formatLabelSelector(requirements: LabelRequirements): string {
  return [...requirements]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((one) => one.text)
    .join(',');
}
