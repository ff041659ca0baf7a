import { readSchemaFiles } from '../../../server/schema-files.ts';
import type { SchemaNode } from '../../../src/machinery/schema/index.ts';
import type { GroupVersionKind } from '../../../src/machinery/types.ts';

const { schema } = readSchemaFiles();

/** A small generator of numbers, so that one number stands for a whole object (mulberry32). */
export class Dice {
  constructor(private state: number) {}

  /** A whole number from 0 to below `sides`. */
  roll(sides: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)] as T;
  }
}

const strings =
  'a|web|app|default|1|0|100m|10Gi|-1|true||kube-system|2026-01-01T00:00:00Z|2026-01-01T00:00:00.000000Z|10.0.0.1|10.96.0.10|fd00::1|Always|Never|OnFailure|ClusterIP|NodePort|LoadBalancer|ExternalName|None|TCP|UDP|SCTP|http|/|/tmp|kubernetes.io/x|Exists|In|NotIn|Equal|NoExecute|NoSchedule|RollingUpdate|Recreate|OnDelete|Pod|v1|apps/v1|50%|101%|*|*/5 * * * *|Local|Cluster|IPv4|IPv6|SingleStack|RequireDualStack|Allow|Forbid|Replace|ReadWriteOnce|Block|Filesystem|X'.split(
    '|',
  );
const integers = [0, 1, 2, 3, -1, 80, 443, 30_000, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER];

/** An object that has the shape of its kind, filled by the dice. Much of what it says is nonsense. */
export function randomObject(gvk: GroupVersionKind, dice: Dice): Record<string, unknown> {
  const root = schema.rootFor(gvk);
  const object = (root ? randomValue(root, dice, 6) : {}) as Record<string, unknown>;
  return { ...object, apiVersion: gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version, kind: gvk.kind };
}

/** A map of an object, with where it stands and what its schema says may be in it. */
export interface DescribedMap {
  readonly path: string;
  readonly map: Record<string, unknown>;
  readonly properties: Readonly<Record<string, SchemaNode>>;
}

/** All maps inside an object for which the schema names fields, the object itself first. */
export function describedMaps(gvk: GroupVersionKind, object: Record<string, unknown>): DescribedMap[] {
  const found: DescribedMap[] = [];
  const visit = (value: unknown, reference: SchemaNode | undefined, path: string): void => {
    if (typeof value !== 'object' || value === null || !reference) return;
    const node = schema.resolve(reference);
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, node.items, `${path}[${index}]`);
      return;
    }
    const map = value as Record<string, unknown>;
    const properties = (node.properties ?? {}) as Readonly<Record<string, SchemaNode>>;
    if (Object.keys(properties).length > 0) found.push({ path, map, properties });
    const others = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
    for (const [key, one] of Object.entries(map)) visit(one, properties[key] ?? others, path ? `${path}.${key}` : key);
  };
  visit(object, schema.rootFor(gvk), '');
  return found;
}

/** A value of the shape that a schema asks for, `depth` levels deep at most. */
export function randomValue(reference: SchemaNode, dice: Dice, depth: number): unknown {
  const node = schema.resolve(reference);
  if (node['x-kubernetes-int-or-string']) return dice.roll(2) ? dice.pick(integers) : dice.pick(strings);
  if (node.enum && dice.roll(4) > 0) return dice.pick(node.enum);
  switch (node.type) {
    case 'string':
      return dice.pick(strings);
    case 'integer':
      return dice.pick(integers);
    case 'number':
      return dice.pick([0, 0.5, 1e9, -1]);
    case 'boolean':
      return dice.roll(2) === 1;
    case 'array':
      return depth === 0 || !node.items ? [] : Array.from({ length: dice.roll(3) }, () => randomValue(node.items as SchemaNode, dice, depth - 1));
    default:
      return randomMembers(node, dice, depth);
  }
}

function randomMembers(node: SchemaNode, dice: Dice, depth: number): unknown {
  if (!node.properties && typeof node.additionalProperties !== 'object') return dice.roll(2) ? {} : dice.pick(strings);
  const out: Record<string, unknown> = {};
  if (typeof node.additionalProperties === 'object' && depth > 0) {
    for (let made = dice.roll(3); made > 0; made -= 1) out[dice.pick(strings)] = randomValue(node.additionalProperties, dice, depth - 1);
  }
  const properties = Object.entries(node.properties ?? {});
  // About four fields beside the required ones, so that most objects fail for one reason and not for twenty.
  for (const [name, property] of properties) {
    const wanted = node.required?.includes(name) || (depth > 0 && dice.roll(Math.max(2, Math.ceil(properties.length / 3))) === 0);
    if (wanted) out[name] = randomValue(property, dice, Math.max(0, depth - 1));
  }
  return out;
}
