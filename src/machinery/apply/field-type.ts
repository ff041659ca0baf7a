import type { Schema, SchemaNode } from '../schema/index.ts';
import { specialDefinitions } from '../schema/index.ts';
import type { GroupVersionKind } from '../types.ts';
import type { PathElement } from './path-element.ts';
import { keyElement, valueElement } from './path-element.ts';
import { alwaysPresent } from './present-structs.ts';

/** A field of a struct. */
export interface Field {
  readonly element: PathElement;
  readonly type: FieldType;
  /**
   * Go writes the field even where nobody has set it (a struct that is no pointer, a list or a text without omitempty): it is never
   * added or removed itself, only what is in it, and its `zero` belongs to nobody.
   */
  readonly present: boolean;
}

export type Scalar = 'numeric' | 'string' | 'boolean' | 'untyped';

/** Fields of embedded resources that are known whatever their schema says. */
const resourceFields = ['apiVersion', 'kind', 'metadata'];

/** How values of one schema node are owned, compared and merged: structured-merge-diff's view of the schema. */
export class FieldType {
  #fields: ReadonlyMap<string, Field> | undefined;
  #items: FieldType | undefined;
  #values: FieldType | undefined | null = null;
  #keyDefaults: readonly unknown[] | undefined;
  /** Elements of items seen before, by the value that tells them apart: they come again with every object of the kind. */
  readonly #elements = new Map<unknown, PathElement>();

  constructor(
    readonly shape: 'scalar' | 'list' | 'map' | 'deduced',
    readonly types: FieldTypes,
    readonly node: SchemaNode,
    /** The full name of the definition; empty for inline nodes. */
    readonly name: string,
    /** Owned as a whole. */
    readonly atomic: boolean,
    readonly scalar: Scalar = 'untyped',
    /** Names of the fields that tell the items of a list apart, in order; undefined for sets. */
    readonly keys: readonly string[] | undefined = undefined,
  ) {}

  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= this.types.fieldsOf(this.node, this.name);
    return this.#fields;
  }

  /** The type of the values of a map whose keys are free; undefined for structs. */
  get values(): FieldType | undefined {
    if (this.#values === null) this.#values = this.types.valuesOf(this);
    return this.#values;
  }

  get items(): FieldType {
    this.#items ??= this.node.items ? this.types.typeOf(this.node.items) : this.types.deduced;
    return this.#items;
  }

  /** What Go holds where nobody has set the value and there is no pointer; undefined for lists and times, which are null then. */
  get zero(): unknown {
    return this.shape === 'map' ? emptyMap : zeroValues[this.scalar];
  }

  /** The element of a field, or of a key of a map. */
  element(key: string): PathElement {
    return this.fields.get(key)?.element ?? this.#remembered(key, () => `f:${key}`);
  }

  /** The type of a map's value; undefined where the schema declares none. */
  child(key: string): FieldType | undefined {
    return this.fields.get(key)?.type ?? this.values;
  }

  /**
   * How an item of a granular list is found again.
   * @throws Error with upstream's text for items that cannot be told apart
   */
  itemElement(item: unknown): PathElement {
    const { keys } = this;
    if (!keys) {
      if (item === null || item === undefined) throw new Error("associative list without keys has an element that's an explicit null");
      if (Array.isArray(item)) throw new Error('not supported: associative list with lists as elements');
      if (typeof item === 'object') throw new Error("associative list without keys has an element that's a map type");
      return this.#remembered(item, () => valueElement(item));
    }
    if (item === null || item === undefined) throw new Error('associative list with keys may not have a null element');
    if (typeof item !== 'object' || Array.isArray(item)) throw new Error('associative list with keys may not have non-map elements');
    if (keys.length === 1) {
      const value = (item as Record<string, unknown>)[keys[0]!];
      if (typeof value === 'string') return this.#remembered(value, () => keyElement(keys, [value]));
    }
    this.#keyDefaults ??= keys.map((key) => keyDefault(this.items, key));
    const values = keys.map((key, index) => (item as Record<string, unknown>)[key] ?? this.#keyDefaults![index]);
    const omitted = (this.node['x-kubernetes-list-map-keys'] ?? keys).find((key) => values[keys.indexOf(key)] === undefined);
    if (omitted !== undefined) {
      throw new Error(`associative list with keys has an element that omits key field ${JSON.stringify(omitted)} (and doesn't have default value)`);
    }
    const [first, second] = values;
    if (values.length === 2 && typeof first === 'number' && typeof second === 'string') {
      return this.#remembered(`${first} ${second}`, () => keyElement(keys, values));
    }
    return keyElement(keys, values);
  }

  #remembered(value: unknown, make: () => PathElement): PathElement {
    let element = this.#elements.get(value);
    if (element === undefined) {
      element = make();
      if (this.#elements.size < elementsMax) this.#elements.set(value, element);
    }
    return element;
  }
}

/**
 * What a key is that an item does not name. Upstream's OpenAPI gives every required field of a built-in type a default, which is
 * the zero value where there is no other.
 */
function keyDefault({ fields, name, node }: FieldType, key: string): unknown {
  const field = fields.get(key)?.type;
  const isZero = field?.node.default === undefined && name.startsWith('io.k8s.') && node.required?.includes(key) === true;
  return isZero ? field?.zero : field?.node.default;
}

const emptyMap = Object.freeze({});
const zeroValues: Readonly<Record<Scalar, unknown>> = { string: '', numeric: 0, boolean: false, untyped: undefined };

/** How many elements one type remembers. */
const elementsMax = 1000;

const scalars: Readonly<Record<string, Scalar>> = { integer: 'numeric', number: 'numeric', string: 'string', boolean: 'boolean' };
const anyScalar = new Set<string>([specialDefinitions.quantity, specialDefinitions.time, specialDefinitions.microTime]);
const opaque = new Set<string>([specialDefinitions.intOrString, specialDefinitions.rawExtension, specialDefinitions.fieldsV1, specialDefinitions.json]);

const unknownKind: SchemaNode = {
  type: 'object',
  properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { $ref: `#/definitions/${specialDefinitions.objectMeta}` } },
  'x-kubernetes-preserve-unknown-fields': true,
};

/** The types of one schema, each made when first asked for. */
export class FieldTypes {
  /** Values whose schema is open: maps are granular, lists are not. */
  readonly deduced = new FieldType('deduced', this, {}, '', false);
  readonly #byNode = new WeakMap<SchemaNode, FieldType>();

  constructor(readonly schema: Schema) {}

  /** The type of a kind. Of kinds that the schema does not know, only metadata is known. */
  rootOf(gvk: GroupVersionKind): FieldType {
    const name = this.schema.definitionFor(gvk);
    return name ? this.#named(this.schema.definitions[name]!, this.schema.definitions[name]!, name) : this.typeOf(unknownKind);
  }

  typeOf(given: SchemaNode): FieldType {
    const known = this.#byNode.get(given);
    if (known) return known;
    return this.#named(given, this.schema.resolve(given), this.schema.nameOf(given) ?? '');
  }

  #named(given: SchemaNode, node: SchemaNode, name: string): FieldType {
    let type = this.#byNode.get(given);
    if (!type) this.#byNode.set(given, (type = this.#compile(given, node, name)));
    return type;
  }

  #compile(given: SchemaNode, node: SchemaNode, name: string): FieldType {
    // Defaults stand on the field, not on the definition it refers to.
    const merged = given === node || given.default === undefined ? node : { ...node, default: given.default };
    if (anyScalar.has(name) || node['x-kubernetes-int-or-string']) return new FieldType('scalar', this, merged, name, true);
    if (opaque.has(name)) return new FieldType('deduced', this, merged, name, true);
    const scalar = scalars[node.type ?? ''];
    if (scalar) return new FieldType('scalar', this, merged, name, true, scalar);
    if (node.type === 'array') {
      const kind = given['x-kubernetes-list-type'] ?? node['x-kubernetes-list-type'] ?? 'atomic';
      const keys = kind === 'map' ? [...(node['x-kubernetes-list-map-keys'] ?? [])].sort() : undefined;
      return new FieldType('list', this, merged, name, kind === 'atomic', 'untyped', keys);
    }
    if (node.type !== 'object' && !node.properties) return this.deduced;
    const atomic = (given['x-kubernetes-map-type'] ?? node['x-kubernetes-map-type']) === 'atomic';
    return new FieldType('map', this, merged, name, atomic);
  }

  fieldsOf(node: SchemaNode, name: string): ReadonlyMap<string, Field> {
    const fields = new Map<string, Field>();
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      const type = this.typeOf(child);
      const isWritten = type.shape === 'list' || (type.shape === 'scalar' && type.scalar !== 'untyped');
      const isRequired = name.startsWith('io.k8s.') && node.required?.includes(key) === true;
      fields.set(key, { element: `f:${key}`, type, present: (isWritten && isRequired) || alwaysPresent(name, key) });
    }
    if (node['x-kubernetes-embedded-resource']) {
      for (const key of resourceFields) if (!fields.has(key)) fields.set(key, { element: `f:${key}`, type: this.deduced, present: false });
    }
    return fields;
  }

  valuesOf({ shape, node }: FieldType): FieldType | undefined {
    if (shape === 'deduced') return this.deduced;
    if (typeof node.additionalProperties === 'object') return this.typeOf(node.additionalProperties);
    return node.additionalProperties === true || node['x-kubernetes-preserve-unknown-fields'] ? this.deduced : undefined;
  }
}

const known = new WeakMap<Schema, FieldTypes>();

/** The types of a schema, shared by all who ask. */
export function fieldTypes(schema: Schema): FieldTypes {
  let types = known.get(schema);
  if (!types) known.set(schema, (types = new FieldTypes(schema)));
  return types;
}
