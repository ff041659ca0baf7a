import type { Client, DeleteParams, ListParams, ListResult, PatchType, ResourceClient, ResourceRef, WatchHandler, WatchParams } from '../../client/index.ts';
import { refs } from '../../client/index.ts';
import type { Env } from '../../env/index.ts';
import { clone, deepFreeze } from '../../machinery/deep.ts';
import { alreadyExists, notFound } from '../../machinery/status-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { AnyObject, KubeObject, ObjectKey } from '../../machinery/types.ts';
import { formatGroupVersion } from '../../machinery/types.ts';

interface Watcher {
  readonly matches: (object: AnyObject) => boolean;
  readonly handler: WatchHandler<never>;
}

/** As much of an API server as a node component talks to: objects in memory, merge patches, watches, graceful deletion of pods. */
export class FakeApi {
  revision = 0;
  /** Every pod as it was after each write, newest last. */
  readonly podHistory: AnyObject[] = [];
  readonly #stores = new Map<string, FakeResource>();

  constructor(readonly env: Env) {}

  client(): Client {
    const of = (ref: ResourceRef) => this.resource(ref);
    const known = ['configMaps', 'events', 'eventsV1', 'leases', 'nodes', 'pods', 'secrets', 'services'] as const;
    const clients = Object.fromEntries(known.map((name) => [name, of(refs[name])]));
    return { ...clients, resource: of } as unknown as Client;
  }

  resource(ref: ResourceRef): FakeResource {
    const id = `${ref.group}/${ref.resource}`;
    let store = this.#stores.get(id);
    if (!store) this.#stores.set(id, (store = new FakeResource(this, ref)));
    return store;
  }
}

class FakeResource implements ResourceClient<KubeObject> {
  readonly #objects = new Map<string, AnyObject>();
  readonly #watchers = new Set<Watcher>();

  constructor(
    readonly api: FakeApi,
    readonly ref: ResourceRef,
  ) {}

  /** How many watch it now. */
  get watchers(): number {
    return this.#watchers.size;
  }

  async get(key: ObjectKey): Promise<AnyObject> {
    const found = this.#objects.get(id(key));
    if (!found) throw notFound(this.ref, key.name);
    return found;
  }

  async list(params: ListParams = {}): Promise<ListResult<AnyObject>> {
    const matches = selector(params);
    return { items: [...this.#objects.values()].filter(matches), resourceVersion: String(this.api.revision) };
  }

  async create(object: KubeObject): Promise<AnyObject> {
    const { name = '', namespace } = object.metadata ?? {};
    if (this.#objects.has(id({ name, namespace }))) throw alreadyExists(this.ref, name);
    const made = clone(object) as AnyObject;
    made.apiVersion = formatGroupVersion(this.ref);
    made.kind = this.ref.kind;
    made.metadata = { uid: this.api.env.ids.uid(), creationTimestamp: formatTime(this.api.env.clock.now()), ...made.metadata };
    return this.#store('ADDED', made);
  }

  async update(object: KubeObject): Promise<AnyObject> {
    return this.#store('MODIFIED', clone(object) as AnyObject);
  }

  updateStatus(object: KubeObject): Promise<AnyObject> {
    return this.update(object);
  }

  /** All patches merge; that is what the components under test rely on. */
  async patch(key: ObjectKey, _type: PatchType, patch: unknown): Promise<AnyObject> {
    return this.#store('MODIFIED', merge(await this.get(key), patch) as AnyObject);
  }

  async apply(): Promise<AnyObject> {
    throw new Error('not needed here');
  }

  async delete(key: ObjectKey, params: DeleteParams = {}): Promise<void> {
    const found = clone(await this.get(key)) as AnyObject & { spec?: { nodeName?: string; terminationGracePeriodSeconds?: number } };
    const grace = params.gracePeriodSeconds ?? found.spec?.terminationGracePeriodSeconds ?? 30;
    if (this.ref.resource === 'pods' && found.spec?.nodeName && grace > 0) {
      const deletionTimestamp = formatTime(this.api.env.clock.now() + grace * 1000);
      found.metadata = { ...found.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace };
      this.#store('MODIFIED', found);
      return;
    }
    this.#objects.delete(id(key));
    this.#tell('DELETED', this.#stamp(found));
  }

  async deleteCollection(): Promise<void> {
    throw new Error('not needed here');
  }

  watch(params: WatchParams, handler: WatchHandler<never>): () => void {
    const watcher: Watcher = { matches: selector(params), handler };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async createSubresource(key: ObjectKey, subresource: string, body: KubeObject): Promise<unknown> {
    if (subresource !== 'binding') throw new Error(`no subresource ${subresource}`);
    return this.patch(key, 'merge', { spec: { nodeName: (body as unknown as { target: { name: string } }).target.name } });
  }

  async #store(type: 'ADDED' | 'MODIFIED', object: AnyObject): Promise<AnyObject> {
    const stored = this.#stamp(object);
    const { name = '', namespace } = stored.metadata ?? {};
    this.#objects.set(id({ name, namespace }), stored);
    if (this.ref.resource === 'pods') this.api.podHistory.push(stored);
    this.#tell(type, stored);
    return stored;
  }

  #stamp(object: AnyObject): AnyObject {
    this.api.revision += 1;
    object.metadata = { ...object.metadata, resourceVersion: String(this.api.revision) };
    return deepFreeze(object);
  }

  #tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: AnyObject): void {
    this.api.env.loop.defer('fake watch', () => {
      for (const { matches, handler } of this.#watchers) if (matches(object)) handler.event(type, object as never);
    });
  }
}

function id({ namespace, name }: ObjectKey): string {
  return `${namespace ?? ''}/${name}`;
}

function selector({ fieldSelector, namespace }: ListParams): (object: AnyObject) => boolean {
  const [path = '', value] = (fieldSelector ?? '').split('=');
  return (object) => {
    if (namespace && object.metadata?.namespace !== namespace) return false;
    if (!fieldSelector) return true;
    return path.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], object) === value;
  };
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return clone(patch);
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? (clone(target) as Record<string, unknown>) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete base[key];
    else base[key] = merge(base[key], value);
  }
  return base;
}
