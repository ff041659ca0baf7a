import { inOrderOfKind } from '../machinery/schema/index.ts';
import type { GroupVersionKind, KubeObject } from '../machinery/types.ts';
import { formatGroupVersion } from '../machinery/types.ts';
import type { Served } from '../registry/generic/options.ts';
import { unstored } from '../registry/generic/options.ts';
import type { ResourceRegistry } from '../registry/generic/resource-registry.ts';
import type { Selection } from '../registry/generic/selection.ts';
import { selectionOf } from '../registry/generic/selection.ts';
import type { Column, ResourceInfo, ServedAs } from '../registry/generic/strategy.ts';

const defaultVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

const defaultColumns: readonly Column<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'The name of the object.', cell: (object) => object.metadata?.name ?? '' },
  { name: 'Created At', type: 'date', description: 'When the server created the object.', cell: (object) => object.metadata?.creationTimestamp ?? '' },
];

/** One resource under one group and version: its storage, and how what is stored looks there. */
export class ServedResource {
  readonly info: ResourceInfo;
  readonly gvk: GroupVersionKind;
  readonly apiVersion: string;
  readonly verbs: readonly string[];
  readonly columns: readonly Column<KubeObject>[];
  /** How the JSON of every object begins. */
  readonly prefix: Buffer;
  readonly #converted = new WeakMap<Served, Served>();
  readonly #inner = new WeakMap<Served, Served>();

  constructor(
    readonly registry: ResourceRegistry,
    readonly servedAs?: ServedAs<KubeObject>,
  ) {
    this.info = servedAs?.resource ?? registry.strategy.resource;
    this.gvk = { group: this.info.group, version: this.info.version, kind: this.info.kind };
    this.apiVersion = formatGroupVersion(this.gvk);
    this.verbs = this.info.verbs ?? defaultVerbs;
    this.columns = registry.strategy.columns ?? defaultColumns;
    this.prefix = Buffer.from(`{"kind":${JSON.stringify(this.info.kind)},"apiVersion":${JSON.stringify(this.apiVersion)},`);
  }

  get subresources(): readonly string[] {
    const { status, scale, subresources } = this.registry.strategy;
    return [...(status ? ['status'] : []), ...(scale ? ['scale'] : []), ...Object.keys(subresources ?? {})];
  }

  /** What is stored, as it looks in this version; made once for all readers. */
  show(stored: Served): Served {
    if (!this.servedAs) return stored;
    let shown = this.#converted.get(stored);
    if (!shown) {
      shown = unstored(inOrderOfKind(this.registry.deps.protobufSchema(), this.servedAs.fromStorage(stored.object)));
      this.#converted.set(stored, shown);
    }
    return shown;
  }

  /** What tables and PartialObjectMetadata of this resource are made of: in all versions the same, as upstream takes its internal type. */
  inner(stored: Served): Served {
    if (!this.registry.strategy.annotationsForFields) return stored;
    let inner = this.#inner.get(stored);
    if (!inner) {
      const object = this.innerObject(stored.object);
      inner = object === stored.object ? stored : unstored(object);
      this.#inner.set(stored, inner);
    }
    return inner;
  }

  /** The same without the bytes. */
  innerObject(stored: Readonly<KubeObject>): Readonly<KubeObject> {
    const fields = this.registry.strategy.annotationsForFields;
    if (!fields?.some((name) => stored.metadata?.annotations?.[name] !== undefined)) return stored;
    const metadata = { ...stored.metadata };
    const others = Object.entries(metadata.annotations!).filter(([name]) => !fields.includes(name));
    if (others.length > 0) metadata.annotations = Object.fromEntries(others);
    else delete metadata.annotations;
    return { ...stored, metadata };
  }

  store(object: KubeObject): KubeObject {
    return this.servedAs ? this.servedAs.toStorage(object) : object;
  }

  defaults(object: KubeObject): void {
    (this.servedAs ?? this.registry.strategy).applyDefaults?.(object);
  }

  /** Selectors see objects as this version shows them. */
  selection(labelSelector: string, fieldSelector: string): Selection {
    const { servedAs } = this;
    const version = servedAs ?? this.registry.strategy;
    const selection = selectionOf(labelSelector, fieldSelector, {
      namespaced: version.resource.namespaced,
      fields: version.selectableFields && ((object) => version.selectableFields!(object as never)),
      unsupported: (field) => this.registry.strategy.unsupportedField?.(field) ?? `field label not supported: ${field}`,
    });
    if (!servedAs || !selection.matches) return selection;
    return { ...selection, matches: (stored) => selection.matches!(servedAs.fromStorage(stored)) };
  }
}
