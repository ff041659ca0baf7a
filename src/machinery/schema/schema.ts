import type { GroupVersionKind } from '../types.ts';

/**
 * One node of a schema: the part of OpenAPI that the API machinery looks at. Built-in definitions and the
 * `openAPIV3Schema` of a custom resource both fit.
 */
export interface SchemaNode {
  readonly $ref?: string;
  readonly allOf?: readonly SchemaNode[];
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /** `merge`, `replace`, `retainKeys` or `merge,retainKeys`. */
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  /** Own extension: the name of the Go type where it does not follow from the rest (`v1.Protocol`, `int`). */
  readonly 'x-go-type'?: string;
}

/** What a schema file holds: nodes by full name (`io.k8s.api.apps.v1.Deployment`). */
export interface SchemaDocument {
  readonly definitions: Readonly<Record<string, SchemaNode>>;
}

/** Knows the shape of every kind it was loaded with. */
export interface Schema {
  /** The full name of a kind's definition; undefined for kinds this schema does not know. */
  definitionFor(gvk: GroupVersionKind): string | undefined;
  /** The node of a kind, references followed. */
  rootFor(gvk: GroupVersionKind): SchemaNode | undefined;
  /** Follows `$ref` and single `allOf` wrappers; a node without either comes back as it is. */
  resolve(node: SchemaNode): SchemaNode;
  /** The full name that a node refers to, undefined for inline nodes. */
  nameOf(node: SchemaNode): string | undefined;
  readonly definitions: Readonly<Record<string, SchemaNode>>;
}

/** Definitions that upstream's Go code decodes with methods of their own; the walkers treat them by name. */
export const specialDefinitions = {
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  rawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  fieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  json: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  objectMeta: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  listMeta: 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta',
} as const;

/**
 * Reads the content of a schema file (`generated/schema/defs.json`, already parsed).
 * @throws Error if it is no object with `definitions`
 */
export function loadSchema(document: unknown): Schema {
  const definitions = (document as SchemaDocument | undefined)?.definitions;
  if (typeof definitions !== 'object' || definitions === null) throw new Error('a schema document needs "definitions"');
  return new DefinitionSchema(definitions);
}

class DefinitionSchema implements Schema {
  private readonly byKind = new Map<string, string>();
  /** Names by reference: the walkers ask for the same few at every value, and a text cut anew has to be hashed anew. */
  private readonly names = new Map<string, string>();

  constructor(readonly definitions: Readonly<Record<string, SchemaNode>>) {
    for (const [name, node] of Object.entries(definitions)) {
      for (const gvk of node['x-kubernetes-group-version-kind'] ?? []) {
        if (!this.byKind.has(kindKey(gvk))) this.byKind.set(kindKey(gvk), name);
      }
    }
  }

  definitionFor(gvk: GroupVersionKind): string | undefined {
    return this.byKind.get(kindKey(gvk));
  }

  rootFor(gvk: GroupVersionKind): SchemaNode | undefined {
    const name = this.definitionFor(gvk);
    return name === undefined ? undefined : this.definitions[name];
  }

  nameOf(node: SchemaNode): string | undefined {
    const reference = node.$ref ?? (node.allOf?.length === 1 ? node.allOf[0]?.$ref : undefined);
    if (reference === undefined) return undefined;
    let name = this.names.get(reference);
    if (name === undefined) this.names.set(reference, (name = reference.slice(reference.lastIndexOf('/') + 1)));
    return name;
  }

  resolve(node: SchemaNode): SchemaNode {
    let current = node;
    for (let name = this.nameOf(current); name !== undefined; name = this.nameOf(current)) {
      const next = this.definitions[name];
      if (next === undefined) return {};
      current = next;
    }
    return current;
  }
}

function kindKey({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

/**
 * The schema of one custom resource version: `openAPIV3Schema` plus the fields every object has.
 * `base` supplies ObjectMeta; without it metadata may hold anything.
 */
export function customResourceSchema(gvk: GroupVersionKind, openAPIV3Schema: SchemaNode, base?: Schema): Schema {
  const metadata: SchemaNode = base ? { $ref: `#/definitions/${specialDefinitions.objectMeta}` } : { type: 'object' };
  const root: SchemaNode = {
    ...openAPIV3Schema,
    properties: { ...openAPIV3Schema.properties, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata },
    'x-kubernetes-group-version-kind': [gvk],
  };
  const name = [...gvk.group.split('.').reverse(), gvk.version, gvk.kind].join('.');
  const definitions: Record<string, SchemaNode> = Object.create(base?.definitions ?? null);
  definitions[name] = root;
  return new DefinitionSchema(definitions);
}
