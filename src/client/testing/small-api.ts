import type { Env } from '../../env/index.ts';
import { clone, semanticEqual } from '../../machinery/deep.ts';
import type { ApiRequest, ApiResponse, Handler } from '../../machinery/handler.ts';
import { alreadyExists, conflict, expired, failure, notFound, StatusError } from '../../machinery/status-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { AnyObject, KubeObject } from '../../machinery/types.ts';
import type { MemoryStore, StoreEvent } from '../../store/index.ts';
import { isStoreError } from '../../store/index.ts';

type Body = AnyObject & { metadata: NonNullable<KubeObject['metadata']> };

/**
 * Just enough of an API server for tests of clients and controllers: storage, revisions, watch, finalizers, status.
 * It has no schema, no defaults and no validation; the real one is tested with the cluster.
 */
export class SmallApi {
  /** Watches that are open, to be cut by a test. */
  readonly watches = new Set<{ cut(): void; expire(): void }>();
  /** Every write in order: `POST pods/web-1`. */
  readonly writes: string[] = [];
  /** Fails requests that a test wants to fail. */
  refuse: ((request: ApiRequest) => StatusError | undefined) | undefined;

  constructor(
    readonly env: Env,
    readonly store: MemoryStore,
  ) {}

  readonly handler: Handler = async (request) => {
    try {
      const refused = this.refuse?.(request);
      if (refused) throw refused;
      return await this.#answer(request);
    } catch (error) {
      const status = statusOf(error, request.path);
      return { status: status.code ?? 500, headers: {}, body: objectBody(status) };
    }
  };

  async #answer(request: ApiRequest): Promise<ApiResponse> {
    const at = parse(request.path);
    const body = request.body?.kind === 'object' ? (clone(request.body.object) as Body) : undefined;
    if (!at.name && request.method === 'GET') return request.query.has('watch') ? this.#watch(at.prefix, request) : this.#list(at.prefix);
    if (!at.name && request.method === 'POST') return this.#create(at, body as Body);
    if (!at.name && request.method === 'DELETE') return this.#deleteAll(at.prefix);
    const entry = await this.store.get(at.prefix + at.name);
    if (!entry) throw notFound({ group: at.group, resource: at.resource }, at.name ?? '');
    const present = entry.object as Body;
    if (request.method === 'GET') return { status: 200, headers: {}, body: objectBody(present) };
    if (request.method === 'DELETE') return this.#delete(entry.key, present, body);
    const next = request.method === 'PUT' ? (body as Body) : (merge(present, body) as Body);
    const wanted = next.metadata.resourceVersion;
    if (wanted && wanted !== present.metadata.resourceVersion)
      throw conflict({ group: at.group, resource: at.resource }, at.name ?? '', 'the object has been modified');
    return this.#update(entry.key, present, next, at.subresource, request.method);
  }

  async #list(prefix: string): Promise<ApiResponse> {
    const { entries, revision } = await this.store.list(prefix);
    const items = entries.map((entry) => entry.object);
    return { status: 200, headers: {}, body: objectBody({ kind: 'List', metadata: { resourceVersion: String(revision) }, items }) };
  }

  async #create(at: Path, body: Body): Promise<ApiResponse> {
    const name = body.metadata.name ?? `${body.metadata.generateName}${this.env.ids.nameSuffix()}`;
    const metadata = { ...body.metadata, name, uid: this.env.ids.uid(), generation: 1, creationTimestamp: formatTime(this.env.clock.now()) };
    this.writes.push(`POST ${at.resource}/${name}`);
    const entry = await this.store.create(at.prefix + name, { ...body, metadata } as KubeObject);
    return { status: 201, headers: {}, body: objectBody(entry.object) };
  }

  async #update(key: string, present: Body, next: Body, subresource: string | undefined, method: string): Promise<ApiResponse> {
    const { uid, creationTimestamp, deletionTimestamp, generation = 1 } = present.metadata;
    const stamped = {
      ...next,
      metadata: { ...next.metadata, uid, creationTimestamp, generation, ...(deletionTimestamp ? { deletionTimestamp } : {}) },
    } as Body;
    if (subresource === 'status') stamped.spec = present.spec;
    else if (!subresource && method === 'PUT') stamped.status = present.status;
    if (!semanticEqual(stamped.spec, present.spec)) stamped.metadata.generation = generation + 1;
    this.writes.push(`${method} ${resourceOf(key)}${subresource ? `/${subresource}` : ''}`);
    const revision = Number(present.metadata.resourceVersion);
    const going = deletionTimestamp && !stamped.metadata.finalizers?.length && !(stamped.spec as AnyObject | undefined)?.finalizers?.toString();
    if (going && resourceOf(key).split('/')[0] !== 'pods') {
      const gone = await this.store.delete(key, revision);
      return { status: 200, headers: {}, body: objectBody(gone.object) };
    }
    return { status: 200, headers: {}, body: objectBody((await this.store.update(key, stamped as KubeObject, revision)).object) };
  }

  async #delete(key: string, present: Body, options: AnyObject | undefined): Promise<ApiResponse> {
    this.writes.push(`DELETE ${resourceOf(key)}`);
    const revision = Number(present.metadata.resourceVersion);
    const policy = options?.propagationPolicy;
    const finalizers = [...(present.metadata.finalizers ?? [])];
    if (policy === 'Foreground') finalizers.push('foregroundDeletion');
    if (policy === 'Orphan') finalizers.push('orphan');
    const held = finalizers.length > 0 || (present.spec as AnyObject | undefined)?.finalizers !== undefined;
    if (held && !present.metadata.deletionTimestamp) {
      const deletionTimestamp = formatTime(this.env.clock.now());
      await this.store.update(key, { ...present, metadata: { ...present.metadata, finalizers, deletionTimestamp } } as KubeObject, revision);
    } else if (!held) await this.store.delete(key, revision);
    return { status: 200, headers: {}, body: objectBody({ kind: 'Status', status: 'Success' }) };
  }

  async #deleteAll(prefix: string): Promise<ApiResponse> {
    for (const { key, object } of (await this.store.list(prefix)).entries) await this.#delete(key, object as Body, undefined);
    return { status: 200, headers: {}, body: objectBody({ kind: 'Status', status: 'Success' }) };
  }

  async #watch(prefix: string, request: ApiRequest): Promise<ApiResponse> {
    const from = Number(request.query.get('resourceVersion'));
    const waiting: StoreEvent[] = [];
    let deliver = (events: readonly StoreEvent[]) => void waiting.push(...events);
    const watch = await this.store.watch(prefix, from, { events: (events) => deliver(events), end: () => {} });
    return {
      status: 200,
      headers: {},
      body: {
        kind: 'watch',
        contentType: 'application/json',
        start: (reader) => {
          const send = (type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR', object: unknown) =>
            reader.event({ type, object: () => object, frame: () => new Uint8Array() });
          deliver = (events) => {
            for (const { type, entry } of events) send(type === 'created' ? 'ADDED' : type === 'updated' ? 'MODIFIED' : 'DELETED', entry.object);
          };
          const stop = () => {
            watch.stop();
            this.watches.delete(open);
          };
          const open = {
            cut: () => {
              stop();
              reader.end();
            },
            expire: () => {
              stop();
              send('ERROR', expired('too old resource version').status);
            },
          };
          this.watches.add(open);
          deliver(waiting.splice(0));
          return stop;
        },
      },
    };
  }
}

interface Path {
  readonly group: string;
  readonly resource: string;
  readonly prefix: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

function parse(path: string): Path {
  const parts = path.slice(1).split('/');
  const group = parts[0] === 'api' ? '' : (parts[1] as string);
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const namespaced = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'finalize' && rest[2] !== 'status';
  const namespace = namespaced ? rest.splice(0, 2)[1] : undefined;
  const [resource = '', name, subresource] = rest;
  return { group, resource, prefix: `/registry/${group}/${resource}/${namespace ? `${namespace}/` : ''}`, name, subresource };
}

/** `pods/web-1`, from a key. */
function resourceOf(key: string): string {
  const parts = key.split('/');
  return `${parts[3]}/${parts.at(-1)}`;
}

function objectBody(object: unknown) {
  return { kind: 'object' as const, object: () => object, json: () => JSON.stringify(object) };
}

function statusOf(error: unknown, path: string) {
  const { group, resource, name = '' } = parse(path);
  if (error instanceof StatusError) return error.status;
  if (isStoreError(error, 'KeyExists')) return alreadyExists({ group, resource }, name).status;
  if (isStoreError(error, 'RevisionConflict')) return conflict({ group, resource }, name, 'the object has been modified').status;
  if (isStoreError(error, 'Compacted')) return expired('too old resource version').status;
  return failure(500, 'InternalError', String(error)).status;
}

/** A merge patch in which owner references merge by uid. */
function merge(present: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const next: AnyObject = { ...(present as AnyObject) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete next[key];
    else if (key === 'ownerReferences') next[key] = mergeOwners((next[key] ?? []) as AnyObject[], value as AnyObject[]);
    else next[key] = merge(next[key], value);
  }
  return next;
}

function mergeOwners(present: readonly AnyObject[], patch: readonly AnyObject[]): AnyObject[] {
  const rest = present.filter((owner) => !patch.some((one) => one.uid === owner.uid));
  return [...rest, ...patch.filter((one) => one.$patch !== 'delete')];
}
