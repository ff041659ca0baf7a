import type { AdmissionChain } from '../../admission/chain.ts';
import type { AdmissionAttributes, Operation } from '../../admission/types.ts';
import type { Env } from '../../env/index.ts';
import { sameButTimes } from '../../machinery/apply/index.ts';
import type { ProtobufSchema } from '../../machinery/codec/index.ts';
import { findMistakes, GoText, invalidValue } from '../../machinery/field-error.ts';
import type { GoOrder } from '../../machinery/schema/index.ts';
import { goOrderOf, inGoOrder } from '../../machinery/schema/index.ts';
import { alreadyExists, badRequest, conflict, failure, invalid, isAlreadyExists, notFound } from '../../machinery/status-error.ts';
import type { GroupResource, GroupVersionKind, KubeObject, ObjectKey, ObjectMeta } from '../../machinery/types.ts';
import { formatGroupVersion } from '../../machinery/types.ts';
import type { Store, StoreEntry } from '../../store/store.ts';
import { isStoreError } from '../../store/store.ts';
import { deleteCollection, deleteObject, leavesDuringUpdate } from './delete.ts';
import { Expiry } from './expiry.ts';
import { jsonEqual } from './json-equal.ts';
import { listObjects } from './list.ts';
import { ListMetrics } from './list-metrics.ts';
import { carryOver, createMistakes, dropRepeatedOwners, fillSystemFields, generatedName, orderedObject, updateMistakes } from './metadata.ts';
import type { ChangeSink, DeleteAnswer, DeleteQuery, ListAnswer, ListQuery, Served, WatchQuery } from './options.ts';
import { unstored } from './options.ts';
import { parseRevision } from './revision.ts';
import type { RequestContext, Strategy, UpdateStrategy } from './strategy.ts';
import { withoutManagedFields } from './too-large.ts';
import { watchObjects } from './watch.ts';

export interface RegistryDependencies {
  readonly env: Env;
  readonly store: Store;
  readonly admission: AdmissionChain;
  /** Read when the first object is written: it says in which order Go writes the fields of structs. */
  readonly protobufSchema: () => ProtobufSchema;
}

/** How often a generated name that is taken is replaced by another one (upstream: maxNameGenerationCreateAttempts). */
const nameAttempts = 8;
/** How often a write that did not ask for a certain version is tried against the newest one. */
const writeAttempts = 100;

export const optimisticLockMessage = 'the object has been modified; please apply your changes to the latest version and try again';

export const otherUidMessage = (wanted: string, present: string): string =>
  `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${present}`;

export interface UpdateRequest {
  readonly key: ObjectKey;
  readonly context: RequestContext;
  /** Makes the new object from the stored one; called again after a lost race. The answer may be changed by the engine. */
  next(previous: StoreEntry | undefined): KubeObject | Promise<KubeObject>;
  /** The metadata of a PUT: one of a version that is no longer the stored one, or of an object that has gone, is refused before any work is done for it. */
  readonly given?: Readonly<ObjectMeta> | undefined;
  /** `status`, `ephemeralcontainers` …; the object itself if absent. */
  readonly subresource?: string | undefined;
  /** Of what a patch leaves, warnings say so; the uid in it is a field like others. */
  readonly patching?: boolean;
  /** PATCH never creates. */
  readonly mayCreate?: boolean;
  /** An apply creates whatever the strategy says of updates. */
  readonly forceCreate?: boolean;
  /** What admission sees instead of the object: a Scale. */
  readonly admitted?: { readonly kind: GroupVersionKind; object(): KubeObject; oldObject(previous: StoreEntry): KubeObject };
}

export interface UpdateAnswer {
  readonly served: Served;
  readonly created: boolean;
}

/** All operations on the objects of one resource, over its strategy (apiserver/pkg/registry/generic/registry Store). */
export class ResourceRegistry {
  readonly groupResource: GroupResource;
  readonly kind: GroupVersionKind;
  readonly apiVersion: string;
  /** `/registry/pods/`, `/registry/apps/deployments/` */
  readonly prefix: string;
  readonly listMetrics: ListMetrics;
  readonly #resource: AdmissionAttributes['resource'];
  readonly #expiry: Expiry | undefined;
  #watches = 0;
  #order: GoOrder | undefined;

  /** `askedGroup` is the group under which requests come, where the same objects are served under several: failures name it. */
  constructor(
    readonly strategy: Strategy,
    readonly deps: RegistryDependencies,
    askedGroup = strategy.resource.group,
  ) {
    const { group, version, kind, plural } = strategy.resource;
    this.groupResource = { group: askedGroup, resource: plural };
    this.kind = { group, version, kind };
    this.#resource = { ...this.groupResource, version };
    this.listMetrics = new ListMetrics(deps.env.metrics, { group, resource: plural });
    this.#expiry = strategy.lifetimeMs === undefined ? undefined : new Expiry(deps.env, deps.store, strategy.lifetimeMs);
    this.apiVersion = formatGroupVersion(this.kind);
    this.prefix = group ? `/registry/${group}/${plural}/` : `/registry/${plural}/`;
  }

  /** Counts the watches of this resource. */
  nextWatch(): number {
    this.#watches += 1;
    return this.#watches;
  }

  keyOf({ namespace, name }: ObjectKey): string {
    return this.strategy.resource.namespaced ? `${this.prefix}${namespace}/${name}` : this.prefix + name;
  }

  /** The object with its keys in the order in which Go writes them; parts that `stored` has too are in order already. */
  inOrder(object: KubeObject, stored?: Readonly<KubeObject>): KubeObject {
    this.#order ??= goOrderOf(this.deps.protobufSchema(), this.kind);
    if (!this.#order) return object;
    // A spec that is frozen is one with that of another object, and in order.
    const { spec } = object as { readonly spec?: object };
    const isShared = spec !== undefined && Object.isFrozen(spec) && spec !== (stored as { readonly spec?: object } | undefined)?.spec;
    return inGoOrder(this.#order, object, isShared ? { ...stored, spec } : stored);
  }

  /** The prefix of one namespace's objects, or of all. */
  prefixOf(namespace: string | undefined): string {
    return namespace && this.strategy.resource.namespaced ? `${this.prefix}${namespace}/` : this.prefix;
  }

  /** Fails with 404. */
  async get(key: ObjectKey): Promise<StoreEntry> {
    const entry = await this.deps.store.get(this.keyOf(key));
    if (!entry) throw notFound(this.groupResource, key.name);
    return entry;
  }

  find(key: ObjectKey): Promise<StoreEntry | undefined> {
    return this.deps.store.get(this.keyOf(key));
  }

  /** Fails with 410 for revisions that are compacted, 504 for those of the future. */
  list(query: ListQuery): Promise<ListAnswer> {
    return listObjects(this, query);
  }

  /** Returns how to end it. Failures come as an ERROR change. */
  watch(query: WatchQuery, sink: ChangeSink): () => void {
    return watchObjects(this, query, sink);
  }

  /**
   * Stores a new object, which this takes over.
   * Fails with 400, 409 AlreadyExists, 422, and with what admission refuses.
   * @param applied its managed fields are part of what somebody has asked for, and never left away
   */
  async create(namespace: string | undefined, object: KubeObject, context: RequestContext, applied = false): Promise<Served> {
    object = orderedObject(object, this.kind.kind, this.apiVersion);
    this.#placeInNamespace(object, namespace);
    dropRepeatedOwners(object.metadata!, context, '');
    await this.admit('CREATE', '', object, undefined, context);
    object = this.inOrder(object);
    const metadata = object.metadata!;
    const base = metadata.name ? undefined : metadata.generateName;
    for (let attempt = 1; ; attempt += 1) {
      if (base) metadata.name = generatedName(this.deps.env.ids, base);
      try {
        return await this.#createOnce(object, context, applied);
      } catch (error) {
        if (!base || !isAlreadyExists(error)) throw error;
        if (attempt === nameAttempts) throw nameExhausted(this.groupResource, metadata.name!);
      }
    }
  }

  async #createOnce(object: KubeObject, context: RequestContext, applied: boolean): Promise<Served> {
    const { strategy } = this;
    const { env, store } = this.deps;
    const metadata = object.metadata!;
    fillSystemFields(metadata, env.ids.uid(), context.now);
    strategy.prepareForCreate?.(object, context);
    const reservation = await strategy.reserve?.(object, undefined, context);
    let done = false;
    try {
      const { mistakes, isCut } = findMistakes(() => createMistakes(strategy, object));
      if (mistakes.length > 0) throw invalid(this.kind, metadata.name ?? '', mistakes, isCut);
      for (const text of strategy.warningsOnCreate?.(object) ?? []) context.warn(text);
      strategy.canonicalize?.(object);
      const final = this.inOrder(orderedObject(object, this.kind.kind, this.apiVersion));
      await this.validate('CREATE', '', final, undefined, context);
      const key = this.keyOf(metadata as ObjectKey);
      if (context.dryRun) {
        const present = await store.get(key);
        if (present) throw this.#taken(present);
        return unstored(final);
      }
      if (parseRevision(final.metadata?.resourceVersion)) throw failure(500, '', 'resourceVersion should not be set on objects to be created');
      const entry = await store.create(key, final).catch(async (error: unknown) => {
        if (isStoreError(error, 'KeyExists')) throw this.#taken(await store.get(key), metadata.name);
        if (applied) throw error;
        return store.create(key, withoutManagedFields(final, error));
      });
      this.#expiry?.written(entry);
      done = true;
      return entry;
    } finally {
      if (done) reservation?.commit();
      else reservation?.release();
    }
  }

  /** The refusal of a name that is taken, maybe by an object that is about to go. */
  #taken(present: StoreEntry | undefined, name = present?.object.metadata?.name ?? ''): Error {
    const { status } = alreadyExists(this.groupResource, name);
    const message = present?.object.metadata?.deletionTimestamp ? `object is being deleted: ${status.message}` : status.message!;
    return failure(409, 'AlreadyExists', message, status.details);
  }

  /** Changes a stored object. Fails with 404, 409 Conflict, 422, and with what admission refuses. */
  async update(request: UpdateRequest): Promise<UpdateAnswer> {
    const key = this.keyOf(request.key);
    for (let attempt = 1; ; attempt += 1) {
      const previous = await this.deps.store.get(key);
      if (!previous) {
        if (request.given?.uid) throw this.#otherUid(request.given.uid, request.key, ''); // Before anybody asks whether an update may create.
        if (!request.forceCreate && !(request.mayCreate && this.strategy.createOnUpdate)) throw notFound(this.groupResource, request.key.name);
        const object = await request.next(undefined);
        // Of what a write creates by the way, nobody asks which version it replaces: only a POST may not name one.
        const { resourceVersion: _, ...metadata } = object.metadata ?? {};
        return { served: await this.create(request.key.namespace, { ...object, metadata }, request.context, request.forceCreate), created: true };
      }
      const uid = previous.object.metadata?.uid ?? '';
      if (request.given?.uid && request.given.uid !== uid) throw this.#otherUid(request.given.uid, request.key, uid);
      if (request.given && this.#isStale(request.given, previous, request.key)) throw conflict(this.groupResource, request.key.name, optimisticLockMessage);
      try {
        return { served: await this.#updateOnce(request, previous), created: false };
      } catch (error) {
        const lost = isStoreError(error, 'RevisionConflict') || isStoreError(error, 'KeyMissing');
        if (!lost) throw error;
        if (attempt === writeAttempts) throw conflict(this.groupResource, request.key.name, optimisticLockMessage);
      }
    }
  }

  async #updateOnce(request: UpdateRequest, previous: StoreEntry): Promise<Served> {
    const { context, subresource = '' } = request;
    const { strategy } = this;
    const next = orderedObject(await request.next(previous), this.kind.kind, this.apiVersion);
    this.#placeInNamespace(next, request.key.namespace);
    this.#checkVersion(next, previous, request.key.name);
    dropRepeatedOwners(next.metadata!, context, request.patching ? ' after mutating admission happens' : '');
    if (request.admitted) await this.#admitOther(request, previous, context);
    else await this.admit('UPDATE', subresource, next, previous.object, context);
    carryOver(next.metadata!, previous.object.metadata ?? {});
    const special = this.#updateStrategy(subresource);
    if (special) special.prepareForUpdate(next, previous.object, context);
    else strategy.prepareForUpdate?.(next, previous.object, context);
    const reservation = special ? undefined : await strategy.reserve?.(next, previous.object, context);
    let done = false;
    try {
      const { mistakes, isCut } = findMistakes(() => {
        const own = special ? special.validateUpdate(next, previous.object) : (strategy.validateUpdate?.(next, previous.object) ?? []);
        return updateMistakes(strategy, next, previous.object, own, !special);
      });
      if (mistakes.length > 0) throw invalid(this.kind, request.key.name, mistakes, isCut);
      if (!special) for (const text of strategy.warningsOnUpdate?.(next, previous.object) ?? []) context.warn(text);
      strategy.canonicalize?.(next);
      const final = this.inOrder(orderedObject(next, this.kind.kind, this.apiVersion), previous.object);
      if (!request.admitted) await this.validate('UPDATE', subresource, final, previous.object, context);
      keepTimes(final, previous.object);
      if (leavesDuringUpdate(this, final, previous.object)) return await this.#remove(final, previous, context);
      if (jsonEqual(final, previous.object)) return previous; // Nothing to write: the version stays, and no watcher hears of it.
      if (context.dryRun) return unstored(final);
      let entry: StoreEntry;
      try {
        entry = await this.deps.store.update(previous.key, final, previous.revision);
      } catch (error) {
        if (request.forceCreate) throw error;
        entry = await this.deps.store.update(previous.key, withoutManagedFields(final, error), previous.revision);
      }
      this.#expiry?.written(entry);
      done = true;
      return entry;
    } finally {
      if (done) reservation?.commit();
      else reservation?.release();
    }
  }

  delete(key: ObjectKey, query: DeleteQuery, context: RequestContext): Promise<DeleteAnswer> {
    return deleteObject(this, key, query, context);
  }

  /** Deletes all that is selected; answers with what was found. */
  deleteCollection(list: ListQuery, query: DeleteQuery, context: RequestContext): Promise<ListAnswer> {
    return deleteCollection(this, list, query, context);
  }

  admit(
    operation: Operation,
    subresource: string,
    object: KubeObject | undefined,
    oldObject: Readonly<KubeObject> | undefined,
    context: RequestContext,
  ): Promise<void> {
    return this.deps.admission.admit(this.#attributes(operation, subresource, object, oldObject, context));
  }

  validate(
    operation: Operation,
    subresource: string,
    object: KubeObject | undefined,
    oldObject: Readonly<KubeObject> | undefined,
    context: RequestContext,
  ): Promise<void> {
    return this.deps.admission.validate(this.#attributes(operation, subresource, object, oldObject, context));
  }

  #attributes(
    operation: Operation,
    subresource: string,
    object: KubeObject | undefined,
    oldObject: Readonly<KubeObject> | undefined,
    context: RequestContext,
    kind: GroupVersionKind = this.kind,
  ): AdmissionAttributes {
    const metadata = (oldObject ?? object)?.metadata;
    return {
      operation,
      resource: this.#resource,
      subresource,
      kind,
      // A namespace is inside itself, as far as admission is concerned.
      namespace: metadata?.namespace ?? (this.kind.kind === 'Namespace' && !this.kind.group ? (metadata?.name ?? '') : ''),
      name: metadata?.name ?? '',
      object: object as KubeObject,
      oldObject,
      user: context.user,
      dryRun: context.dryRun,
      warn: (text) => context.warn(text),
      annotate: (key, value) => context.annotate?.(key, value),
    };
  }

  async #admitOther({ admitted, subresource = '' }: UpdateRequest, previous: StoreEntry, context: RequestContext): Promise<void> {
    const attributes = this.#attributes('UPDATE', subresource, admitted!.object(), admitted!.oldObject(previous), context, admitted!.kind);
    await this.deps.admission.admit(attributes);
    await this.deps.admission.validate(attributes);
  }

  #updateStrategy(subresource: string): UpdateStrategy<KubeObject> | undefined {
    if (subresource === '' || subresource === 'scale') return undefined;
    return subresource === 'status' ? this.strategy.status : this.strategy.subresources?.[subresource];
  }

  /** An object without a namespace gets that of the request; one that has none loses it (registry/rest EnsureObjectNamespaceMatchesRequestNamespace). */
  #placeInNamespace(object: KubeObject, namespace: string | undefined): void {
    const metadata = object.metadata!;
    if (!this.strategy.resource.namespaced) {
      if (metadata.namespace !== undefined) delete metadata.namespace;
    } else if (!metadata.namespace && namespace) metadata.namespace = namespace;
    else if (namespace && metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
  }

  /** Whether the version is all that is wrong with a write: other mistakes in its metadata are told first. */
  #isStale({ namespace, resourceVersion }: Readonly<ObjectMeta>, previous: StoreEntry, key: ObjectKey): boolean {
    if (typeof resourceVersion !== 'string') return false;
    if (namespace && key.namespace && namespace !== key.namespace) return false;
    const revision = parseRevision(resourceVersion);
    return revision !== 0 && revision !== previous.revision;
  }

  /** Whose version the client has seen must be the stored one, unless it did not say. */
  #checkVersion(next: KubeObject, previous: StoreEntry, name: string): void {
    const metadata = next.metadata!;
    const revision = parseRevision(metadata.resourceVersion);
    if (revision === 0) {
      if (this.strategy.conditionalUpdateOnly) {
        const { group, resource } = this.groupResource;
        const wrong = invalidValue('metadata.resourceVersion', new GoText('0x0'), 'must be specified for an update');
        throw invalid({ group, kind: resource }, name, [wrong]);
      }
      metadata.resourceVersion = String(previous.revision);
    } else if (revision !== previous.revision) throw conflict(this.groupResource, name, optimisticLockMessage);
  }

  /** The refusal of a write that is about another object than the one of its name; `uid` is '' where there is none. */
  #otherUid(wanted: string, key: ObjectKey, uid: string): Error {
    const text = `StorageError: invalid object, Code: 4, Key: ${this.#etcdKey(key)}, ResourceVersion: 0, AdditionalErrorMsg: ${otherUidMessage(wanted, uid)}`;
    return conflict(this.groupResource, key.name, text);
  }

  /** Where upstream keeps an object: by resource, of whatever group, save for what its extension servers keep. */
  #etcdKey({ namespace, name }: ObjectKey): string {
    const { group, plural, namespaced } = this.strategy.resource;
    const folder = etcdFolders[plural] ?? (/^api(extensions|registration)\./.test(group) ? `${group}/${plural}` : plural);
    return `/registry/${folder}/${namespaced ? `${namespace}/` : ''}${name}`;
  }

  /** The last finalizer has gone: so does the object. */
  async #remove(final: KubeObject, previous: StoreEntry, context: RequestContext): Promise<Served> {
    if (!context.dryRun) {
      await this.deps.store.delete(previous.key, previous.revision);
      this.strategy.released?.(previous.object);
    }
    return unstored(final);
  }
}

/** Resources that are kept under another name (kubeapiserver SpecialDefaultResourcePrefixes). */
const etcdFolders: Readonly<Record<string, string>> = {
  replicationcontrollers: 'controllers',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  services: 'services/specs',
  ingresses: 'ingress',
};

/** When only the times of managed fields would change, they do not either (IgnoreManagedFieldsTimestampsTransformer). */
function keepTimes(next: KubeObject, previous: Readonly<KubeObject>): void {
  const metadata = next.metadata!;
  const { managedFields } = metadata;
  const before = previous.metadata?.managedFields;
  if (!managedFields || !before || managedFields === before || !sameButTimes(managedFields, before)) return;
  metadata.managedFields = before;
  if (!jsonEqual(next, previous)) metadata.managedFields = managedFields;
}

function nameExhausted(resource: GroupResource, name: string): Error {
  const text = alreadyExists(resource, name);
  return failure(409, 'AlreadyExists', `${text.message}, the server was not able to generate a unique name for the object`, {
    ...text.status.details,
    retryAfterSeconds: 1,
  });
}
