import { jsonSchemaDefinitions } from '../codec/json-schema-definitions.ts';
import { countKeys } from '../deep.ts';
import type { GroupVersionKind } from '../types.ts';
import type { Schema, SchemaNode } from './schema.ts';
import { fitsInteger, isBase64, specialDecoder } from './type-errors.ts';
import { childOf } from './unknown-fields.ts';

/** What a value must be. `open` takes anything; whoever comes to `other` has to be looked at by the walkers that give reasons. */
type Shape = 'struct' | 'list' | 'string' | 'integer' | 'boolean' | 'number' | 'base64' | 'special' | 'open' | 'other';

type Json = Readonly<Record<string, unknown>>;

/** One node of the schema, prepared for the check. */
interface Plan {
  readonly shape: Shape;
  /** By key, filled as keys are met: plans of fields; undefined for what the schema does not know. */
  readonly fields: Map<string, Plan | undefined>;
  /** Of a list's items and of a map's values. */
  readonly items: Plan | undefined;
  readonly format: string | undefined;
  readonly decode: ((value: unknown) => string | undefined) | undefined;
  readonly given: SchemaNode;
  readonly node: SchemaNode;
}

const no = -1;

/**
 * Whether an object is just what its schema says: every value has its type, no field is unknown, and nothing that the schema
 * describes is null. Then `findTypeError`, `findUnknownFields` and `dropNulls` would find nothing to say and nothing to do.
 * One walk instead of three, for nearly all objects are like that; of the others it does not say what is wrong.
 * @param sound what has been looked at before: values that are the very ones in their place there are not looked at again
 * @returns how many keys all maps of the object hold together (but for those), or -1 if it does not fit (or may not)
 */
export function keysIfFitting(schema: Schema, gvk: GroupVersionKind, object: unknown, sound?: unknown): number {
  let planner = planners.get(schema);
  if (!planner) planners.set(schema, (planner = new Planner(schema)));
  const plan = planner.rootOf(gvk);
  return plan ? planner.check(plan, object, sound) : no;
}

const planners = new WeakMap<Schema, Planner>();

class Planner {
  readonly #roots = new Map<string, Plan | undefined>();
  readonly #plans = new Map<SchemaNode, Plan>();

  constructor(readonly schema: Schema) {}

  rootOf(gvk: GroupVersionKind): Plan | undefined {
    const name = this.schema.definitionFor(gvk);
    if (name === undefined) return undefined;
    let plan = this.#roots.get(name);
    if (!plan) this.#roots.set(name, (plan = this.#planOf({ $ref: name })));
    return plan;
  }

  /** Counts the keys of a value that fits; see `keysIfFitting`. */
  check(plan: Plan, value: unknown, sound: unknown): number {
    if (value === sound && value !== undefined && value !== null) return 0;
    switch (plan.shape) {
      case 'string':
        return typeof value === 'string' ? 0 : no;
      case 'struct':
        return typeof value === 'object' && value !== null && !Array.isArray(value) ? this.#checkFields(plan, value as Json, sound as Json | undefined) : no;
      case 'list':
        return Array.isArray(value) ? this.#checkItems(plan.items!, value, sound as unknown[] | undefined) : no;
      case 'integer':
        return typeof value === 'number' && fitsInteger(value, plan.format) ? 0 : no;
      case 'boolean':
        return typeof value === 'boolean' ? 0 : no;
      case 'number':
        return typeof value === 'number' ? 0 : no;
      case 'base64':
        return typeof value === 'string' && isBase64(value) ? 0 : no;
      case 'special':
        return (typeof value === 'string' || typeof value === 'number') && plan.decode!(value) === undefined ? 0 : no;
      case 'open':
        return value === null ? no : countKeys(value);
      default:
        return no;
    }
  }

  #checkFields(plan: Plan, map: Json, sound: Json | null | undefined): number {
    let keys = 0;
    const { fields, items } = plan;
    for (const key in map) {
      const child = fields.get(key) ?? items ?? this.#fieldOf(plan, key);
      if (child === undefined) return no;
      const value = map[key];
      if (child.shape === 'string') {
        if (typeof value !== 'string') return no;
        keys += 1;
        continue;
      }
      const below = this.check(child, value, sound?.[key]);
      if (below < 0) return no;
      keys += 1 + below;
    }
    return keys;
  }

  #checkItems(plan: Plan, list: readonly unknown[], sound: readonly unknown[] | null | undefined): number {
    let keys = 0;
    for (let index = 0; index < list.length; index += 1) {
      const below = this.check(plan, list[index], sound?.[index]);
      if (below < 0) return no;
      keys += below;
    }
    return keys;
  }

  /** What the schema says of a key that was not met before. Unknown keys are not remembered: there is no end to them. */
  #fieldOf(plan: Plan, key: string): Plan | undefined {
    const child = childOf(this.schema, plan.given, plan.node, key);
    if (child === undefined) return undefined;
    const made = this.#planOf(child);
    if (plan.node.properties && Object.hasOwn(plan.node.properties, key)) plan.fields.set(key, made);
    return made;
  }

  #planOf(given: SchemaNode): Plan {
    let plan = this.#plans.get(given);
    if (plan) return plan;
    const node = this.schema.resolve(given);
    const name = this.schema.nameOf(given);
    // What may be a schema has fields to be looked at as well.
    const decode = name === jsonSchemaDefinitions.orBool ? undefined : specialDecoder(name);
    const properties = node.properties !== undefined;
    const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
    const shape = shapeOf(node, decode !== undefined);
    const below = shape === 'list' ? node.items : shape === 'struct' && !properties ? values : undefined;
    plan = { shape, fields: new Map(), items: below && this.#planOf(below), format: node.format, decode, given, node };
    this.#plans.set(given, plan);
    return plan;
  }
}

function shapeOf(node: SchemaNode, special: boolean): Shape {
  if (special) return node.type === 'string' ? 'special' : 'open';
  switch (node.type) {
    case 'object':
      return 'struct';
    case 'array':
      return node.items ? 'list' : 'other';
    case 'string':
      return node.format === 'byte' ? 'base64' : 'string';
    case 'integer':
    case 'boolean':
    case 'number':
      return node.type;
    default:
      return 'other';
  }
}
