import type { ApiResponse } from '../machinery/handler.ts';
import { internalError, StatusError } from '../machinery/status-error.ts';
import type { AnyObject, KubeObject, ObjectKey } from '../machinery/types.ts';
import { formatGroupVersion } from '../machinery/types.ts';
import type { RawRequest } from './client.ts';
import { isStatus } from './is-status.ts';
import { resourcePath } from './refs.ts';
import type { DeleteParams, ListParams, ListResult, PatchType, ResourceClient, ResourceRef, WatchHandler, WatchParams } from './types.ts';

interface Requester {
  request(method: string, path: string, request?: RawRequest): Promise<ApiResponse>;
}

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** Calls on one resource, by way of requests to a handler. */
export class HandlerResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #apiVersion: string;

  constructor(
    readonly ref: ResourceRef,
    readonly requester: Requester,
  ) {
    this.#apiVersion = formatGroupVersion(ref);
  }

  async get(key: ObjectKey): Promise<Readonly<T>> {
    return this.#object(await this.#request('GET', key));
  }

  async list(params: ListParams = {}): Promise<ListResult<T>> {
    const response = await this.requester.request('GET', resourcePath(this.ref, params.namespace), { query: listQuery(params) });
    const list = bodyOf(response) as { items?: readonly T[] | null; metadata?: { resourceVersion?: string; continue?: string } };
    const next = list.metadata?.continue;
    const items = (list.items ?? []).map((item) => this.#typed(item));
    return { items, resourceVersion: list.metadata?.resourceVersion ?? '', ...(next ? { continue: next } : {}) };
  }

  async create(object: T): Promise<Readonly<T>> {
    const path = resourcePath(this.ref, object.metadata?.namespace);
    return this.#object(await this.requester.request('POST', path, { body: this.#typed(object) }));
  }

  async update(object: T): Promise<Readonly<T>> {
    return this.#object(await this.#request('PUT', keyOf(object), undefined, { body: this.#typed(object) }));
  }

  async updateStatus(object: T): Promise<Readonly<T>> {
    return this.#object(await this.#request('PUT', keyOf(object), 'status', { body: this.#typed(object) }));
  }

  async patch(key: ObjectKey, type: PatchType, patch: unknown, subresource?: string): Promise<Readonly<T>> {
    return this.#object(await this.#request('PATCH', key, subresource, { body: patch, contentType: patchContentTypes[type] }));
  }

  async apply(key: ObjectKey, manager: string, configuration: object, subresource?: string): Promise<Readonly<T>> {
    const metadata = { name: key.name, ...(key.namespace ? { namespace: key.namespace } : {}) };
    return this.#object(
      await this.#request('PATCH', key, subresource, {
        query: { fieldManager: manager, force: true },
        body: { apiVersion: this.#apiVersion, kind: this.ref.kind, metadata, ...configuration },
        contentType: 'application/apply-patch+yaml',
      }),
    );
  }

  async delete(key: ObjectKey, params: DeleteParams = {}): Promise<void> {
    await this.#request('DELETE', key, undefined, { body: deleteOptions(params) });
  }

  async deleteCollection(params: ListParams & DeleteParams = {}): Promise<void> {
    await this.requester.request('DELETE', resourcePath(this.ref, params.namespace), { query: listQuery(params), body: deleteOptions(params) });
  }

  watch(params: WatchParams, handler: WatchHandler<T>): () => void {
    const aborter = new AbortController();
    let stopped = false;
    let stopReading: (() => void) | undefined;
    const stop = () => {
      if (stopped) return;
      stopped = true;
      stopReading?.();
      aborter.abort();
    };
    const end = (error: Error | undefined) => {
      if (stopped) return;
      stop();
      handler.end(error);
    };
    const query = { ...listQuery(params), watch: 1, allowWatchBookmarks: params.allowWatchBookmarks ? true : undefined };
    this.requester.request('GET', resourcePath(this.ref, params.namespace), { query, signal: aborter.signal }).then(({ body }) => {
      if (stopped) return;
      if (body.kind !== 'watch') return end(internalError(`a watch of ${this.ref.resource} was answered with ${body.kind}`));
      stopReading = body.start({
        event: (served) => {
          if (stopped) return;
          const object = served.object();
          if (served.type === 'ERROR') end(isStatus(object) ? new StatusError(object) : internalError('unreadable watch error'));
          else handler.event(served.type, this.#typed(object as T));
        },
        end: () => end(undefined),
      });
      if (stopped) stopReading(); // It ended while it began.
    }, end);
    return stop;
  }

  async createSubresource(key: ObjectKey, subresource: string, body: KubeObject): Promise<unknown> {
    return bodyOf(await this.#request('POST', key, subresource, { body }));
  }

  #request(method: string, key: ObjectKey, subresource?: string, request?: RawRequest): Promise<ApiResponse> {
    return this.requester.request(method, resourcePath(this.ref, key.namespace, key.name, subresource), request);
  }

  #object(response: ApiResponse): Readonly<T> {
    return this.#typed(bodyOf(response) as T);
  }

  /** Items of lists may come without type; ours always carry it, because event references and owner references need it. */
  #typed(object: T): T {
    if (object.kind && object.apiVersion) return object;
    const typed = { apiVersion: this.#apiVersion, kind: this.ref.kind, ...object } as T;
    typed.apiVersion ||= this.#apiVersion;
    typed.kind ||= this.ref.kind;
    return Object.isFrozen(object) ? Object.freeze(typed) : typed;
  }
}

function bodyOf(response: ApiResponse): unknown {
  if (response.body.kind !== 'object') throw internalError(`an object was expected, the answer is ${response.body.kind}`);
  return response.body.object();
}

function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
}

function listQuery(params: ListParams): Record<string, string | number | undefined> {
  const { labelSelector, fieldSelector, limit, resourceVersion } = params;
  return { labelSelector, fieldSelector, limit, continue: params.continue, resourceVersion };
}

function deleteOptions({ gracePeriodSeconds, propagationPolicy, preconditions }: DeleteParams): AnyObject {
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
    ...(preconditions ? { preconditions } : {}),
  };
}
