import type { GroupVersionKind, KubeObject, ObjectKey } from '../machinery/types.ts';

/** A resource as clients address it. */
export interface ResourceRef extends GroupVersionKind {
  readonly resource: string;
  readonly namespaced: boolean;
}

export interface ListResult<T> {
  readonly items: readonly Readonly<T>[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface ListParams {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface DeleteParams {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export type PatchType = 'json' | 'merge' | 'strategic';

export interface WatchParams extends ListParams {
  readonly allowWatchBookmarks?: boolean;
}

export interface WatchHandler<T> {
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: Readonly<T>): void;
  /** The watch is over; the informer resumes from its last revision or lists anew (410). */
  end(error: Error | undefined): void;
}

/** Typed calls on one resource. Failures are StatusErrors. Objects read are shared and frozen: copy before a change. */
export interface ResourceClient<T extends KubeObject> {
  readonly ref: ResourceRef;
  get(key: ObjectKey): Promise<Readonly<T>>;
  list(params?: ListParams): Promise<ListResult<T>>;
  create(object: T): Promise<Readonly<T>>;
  update(object: T): Promise<Readonly<T>>;
  updateStatus(object: T): Promise<Readonly<T>>;
  patch(key: ObjectKey, type: PatchType, patch: unknown, subresource?: string): Promise<Readonly<T>>;
  /** Server-side apply, by force: `manager` owns what `configuration` says of the object, and nothing else. */
  apply(key: ObjectKey, manager: string, configuration: object, subresource?: string): Promise<Readonly<T>>;
  delete(key: ObjectKey, params?: DeleteParams): Promise<void>;
  deleteCollection(params?: ListParams & DeleteParams): Promise<void>;
  watch(params: WatchParams, handler: WatchHandler<T>): () => void;
  /** POST to a subresource: `binding`, `eviction`, `token`. */
  createSubresource(key: ObjectKey, subresource: string, body: KubeObject): Promise<unknown>;
}

/** Reads from an informer's cache; objects are frozen. Lists are in order of creation. */
export interface Lister<T extends KubeObject> {
  get(key: ObjectKey): Readonly<T> | undefined;
  list(namespace?: string): readonly Readonly<T>[];
  /** Objects whose controller owner reference carries the uid of `owner`. */
  ownedBy(owner: KubeObject): readonly Readonly<T>[];
}

export interface InformerHandler<T> {
  added?(object: Readonly<T>): void;
  updated?(object: Readonly<T>, previous: Readonly<T>): void;
  deleted?(object: Readonly<T>): void;
}

/** One list and watch, kept as a cache, shared by all who ask the same factory. */
export interface Informer<T extends KubeObject> {
  readonly lister: Lister<T>;
  /** Handlers run on the Loop, in revision order; a late handler is told of everything cached first. */
  handle(handler: InformerHandler<T>): void;
  readonly synced: boolean;
}
