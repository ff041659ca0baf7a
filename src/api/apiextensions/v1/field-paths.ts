import type { SchemaProps } from './schema-props.ts';
import { valuesOf } from './schema-props.ts';

/** What a path leads to, or why it leads nowhere. */
export interface FoundField {
  readonly why?: string;
  /** The names on the way. */
  readonly names: readonly string[];
  readonly schema?: SchemaProps | undefined;
}

const lost: FoundField = { why: 'does not refer to a valid field', names: [] };
const cutOff: FoundField = { why: 'unexpected end of JSON path', names: [] };

/** Dots, brackets, quoted names, and whatever stands between them. */
const tokens = (text: string): string[] => text.match(/'(?:\\'|[^'])*'?|[.[\]]|[^.[\]]+/gs) ?? [];

/** Follows `.spec.replicas`, or `.spec['replicas']` where that is allowed (apiserver/schema/cel ValidFieldPath). */
export function fieldPathMistake(root: SchemaProps | undefined, text: string, { allowArrays }: { readonly allowArrays: boolean }): FoundField {
  const names: string[] = [];
  let schema = root;
  const left = tokens(text)[Symbol.iterator]();
  const next = (): string | undefined => left.next().value as string | undefined;
  for (let token = next(); token !== undefined; token = next()) {
    if (token === '[' && !allowArrays) return { why: 'array notation is not allowed', names };
    if (token !== '[' && token !== '.') return { why: `expected [ or . but got: ${token}`, names };
    const given = next();
    if (given === undefined) return cutOff;
    if (token === '[' && !/^'.*'$/s.test(given)) return { why: `expected single quoted string but got ${given}`, names };
    const name = token === '[' ? given.slice(1, -1).replace(/\\(['\\])/g, '$1') : given;
    const below: Step | undefined = schema && step(schema, name);
    if (!below) return lost;
    names.push(name);
    schema = below.schema;
    if (token === '.') continue;
    const closing = next();
    if (closing === undefined) return cutOff;
    if (closing !== ']') return { why: `expected ] but got ${closing}`, names };
  }
  return { names, schema };
}

interface Step {
  readonly schema: SchemaProps | undefined;
}

/** A field by its name, or any value of a map. */
function step(schema: SchemaProps, name: string): Step | undefined {
  const { properties } = schema;
  if (properties && Object.keys(properties).length > 0) return Object.hasOwn(properties, name) ? { schema: properties[name] } : undefined;
  return schema.additionalProperties === undefined ? undefined : { schema: valuesOf(schema) };
}
