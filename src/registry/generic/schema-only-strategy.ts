import { Mistakes } from '../../api/meta/mistakes.ts';
import { type FieldPath, path } from '../../machinery/field-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { ResourceParts } from './resource-strategy.ts';
import { resourceStrategy } from './resource-strategy.ts';
import type { Strategy } from './strategy.ts';

/** What the schema says of a field, told in the words of upstream's validation: `spec.rules[].verbs`. */
export interface SchemaRules {
  readonly required?: readonly string[];
  readonly oneOf?: Readonly<Record<string, readonly string[]>>;
}

const schemaOnly = new WeakSet<object>();

/** Whether objects of this kind are checked against the schema only: types, required fields, closed sets of values. */
export function isSchemaOnly(strategy: Strategy): boolean {
  return schemaOnly.has(strategy);
}

/**
 * A kind that is checked by the schema only so far: types and unknown fields when it is read, required fields and enums here.
 * What upstream validates beyond that is accepted.
 */
export function schemaOnlyStrategy<T extends KubeObject>(parts: ResourceParts<T>, rules: SchemaRules = {}): Strategy<T> {
  const strategy = resourceStrategy<T>({ ...parts, validate: (object) => [...checkRules(object, rules).list, ...(parts.validate?.(object) ?? [])] });
  return markSchemaOnly(strategy);
}

/** Says of a strategy that it is checked by the schema only; returns it. */
export function markSchemaOnly<T extends object>(strategy: T): T {
  schemaOnly.add(strategy);
  return strategy;
}

function checkRules(object: KubeObject, { required = [], oneOf = {} }: SchemaRules): Mistakes {
  const mistakes = new Mistakes();
  for (const field of required) {
    visit(object, field.split('.'), path(), (value, at) => {
      if (value === undefined || value === '') mistakes.required(at);
    });
  }
  for (const [field, values] of Object.entries(oneOf)) {
    visit(object, field.split('.'), path(), (value, at) => {
      if (typeof value === 'string' && !values.includes(value)) mistakes.notSupported(at, value, values);
    });
  }
  return mistakes;
}

/** Calls for each place that a field names; `[]` goes into a list, and what is above an absent value is not entered. */
function visit(value: unknown, names: readonly string[], at: FieldPath, found: (value: unknown, at: FieldPath) => void): void {
  const [name, ...rest] = names;
  if (name === undefined) {
    found(value, at);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const isList = name.endsWith('[]');
  const field = isList ? name.slice(0, -2) : name;
  const inner = (value as Record<string, unknown>)[field];
  const where = at.child(field);
  if (!isList) visit(inner, rest, where, found);
  else if (Array.isArray(inner)) for (const [i, one] of inner.entries()) visit(one, rest, where.index(i), found);
}
