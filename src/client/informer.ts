import type { Env } from '../env/index.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { Client } from './client.ts';
import type { OwnerLister } from './lister.ts';
import { Cache } from './lister.ts';
import type { ReflectedPart } from './reflector.ts';
import { Reflector } from './reflector.ts';
import { refId } from './refs.ts';
import type { Informer, InformerHandler, ResourceClient, ResourceRef } from './types.ts';

type InformerEnv = Pick<Env, 'loop' | 'clock' | 'log'>;

type Delta<T> =
  | { readonly type: 'replace'; readonly objects: readonly T[]; readonly resourceVersion: string }
  | { readonly type: 'put'; readonly object: T }
  | { readonly type: 'remove'; readonly object: T }
  | { readonly type: 'bookmark'; readonly object: T };

/** An Informer whose cache also knows orphans, and whose handlers can be taken away again. */
export interface SharedInformer<T extends KubeObject> extends Informer<T> {
  readonly lister: OwnerLister<T>;
  /** Returns what takes the handler away. */
  handle(handler: InformerHandler<T>): () => void;
  /** The cache shows every change up to this revision (a resourceVersion as a number). */
  readonly revision: number;
  /** Calls back, once, after the first listing was taken in and told; at once if it was. */
  whenSynced(callback: () => void): void;
}

/**
 * One list and watch as a cache. Changes are applied and told in a task of the Loop, in revision order:
 * when a handler runs, the lister shows at least what the handler is told.
 */
class CachedInformer<T extends KubeObject> implements SharedInformer<T> {
  readonly lister = new Cache<T>();
  readonly reflector: Reflector<T>;
  #handlers: readonly InformerHandler<T>[] = [];
  #deltas: Delta<T>[] = [];
  #pending = false;
  #listed = false;
  #revision = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #task: string;

  constructor(
    readonly env: InformerEnv,
    client: ResourceClient<T>,
    part: ReflectedPart,
  ) {
    this.#task = `informer ${client.ref.resource}`;
    this.reflector = new Reflector(env, client, part, {
      replace: (objects, resourceVersion) => this.#push({ type: 'replace', objects, resourceVersion }),
      changed: (type, object) => this.#push({ type: type === 'DELETED' ? 'remove' : type === 'BOOKMARK' ? 'bookmark' : 'put', object }),
    });
  }

  get revision(): number {
    return this.#revision;
  }

  get synced(): boolean {
    return this.#listed;
  }

  whenSynced(callback: () => void): void {
    if (this.#listed) callback();
    else this.#waiting.push(callback);
  }

  handle(handler: InformerHandler<T>): () => void {
    let left = false;
    this.env.loop.defer(this.#task, () => {
      if (left) return;
      for (const object of this.lister.list()) this.#call(() => handler.added?.(object));
      this.#handlers = [...this.#handlers, handler];
    });
    return () => {
      left = true;
      this.#handlers = this.#handlers.filter((one) => one !== handler);
    };
  }

  #push(delta: Delta<T>): void {
    this.#deltas.push(delta);
    if (this.#pending) return;
    this.#pending = true;
    this.env.loop.defer(this.#task, () => this.#apply());
  }

  #apply(): void {
    const deltas = this.#deltas;
    this.#deltas = [];
    this.#pending = false;
    for (const delta of deltas) {
      this.#revision = Number(delta.type === 'replace' ? delta.resourceVersion : delta.object.metadata?.resourceVersion);
      if (delta.type === 'put') this.#put(delta.object);
      else if (delta.type === 'remove') this.#remove(delta.object);
      else if (delta.type === 'replace') this.#replace(delta.objects);
    }
  }

  #replace(objects: readonly T[]): void {
    const kept = new Set(objects.map((object) => `${object.metadata?.namespace ?? ''}/${object.metadata?.name}`));
    const gone = this.lister.list().filter((object) => !kept.has(`${object.metadata?.namespace ?? ''}/${object.metadata?.name}`));
    for (const object of gone) this.#remove(object);
    for (const object of [...objects].sort(byCreation)) this.#put(object);
    if (this.#listed) return;
    this.#listed = true;
    for (const callback of this.#waiting.splice(0)) this.#call(callback);
  }

  #put(object: T): void {
    const previous = this.lister.put(object);
    if (!previous) this.#tell((handler) => handler.added?.(object));
    else if (previous.metadata?.resourceVersion !== object.metadata?.resourceVersion) this.#tell((handler) => handler.updated?.(object, previous));
  }

  #remove(object: T): void {
    if (this.lister.remove(object)) this.#tell((handler) => handler.deleted?.(object));
  }

  #tell(call: (handler: InformerHandler<T>) => void): void {
    for (const handler of this.#handlers) this.#call(() => call(handler));
  }

  /** One handler's mistake is not another's. */
  #call(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.env.log.error('informer handler failed', { task: this.#task, error: error instanceof Error ? error.stack : String(error) });
    }
  }
}

function byCreation(a: KubeObject, b: KubeObject): number {
  const [left, right] = [a.metadata?.creationTimestamp ?? '', b.metadata?.creationTimestamp ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Informers, one for each part of a resource that anybody asks for. */
export class InformerFactory {
  readonly #informers = new Map<string, { informer: SharedInformer<KubeObject>; start(): void; stop(): void; replaced(): boolean }>();
  #started = false;

  constructor(
    readonly client: Client,
    readonly env: InformerEnv,
  ) {}

  /** The shared informer of a resource, or of a part of it. Asked for after `start`, it starts at once. */
  for<T extends KubeObject>(ref: ResourceRef, part: ReflectedPart = {}): SharedInformer<T> {
    const id = [refId(ref), part.namespace ?? '', part.labelSelector ?? '', part.fieldSelector ?? ''].join('|');
    const known = this.#informers.get(id);
    if (known) return known.informer as unknown as SharedInformer<T>;
    const informer = new CachedInformer<T>(this.env, this.client.resource<T>(ref), part);
    const { reflector } = informer;
    this.#informers.set(id, {
      informer: informer as unknown as SharedInformer<KubeObject>,
      start: () => reflector.start(),
      stop: () => reflector.stop(),
      replaced: () => informer.synced,
    });
    if (this.#started) reflector.start();
    return informer;
  }

  start(): void {
    this.#started = true;
    for (const one of this.#informers.values()) one.start();
  }

  /** Ends all watches; the caches stay readable. */
  stop(): void {
    this.#started = false;
    for (const one of this.#informers.values()) one.stop();
  }

  /** Whether every informer has taken in its first listing. */
  synced(): boolean {
    return [...this.#informers.values()].every((one) => one.replaced());
  }
}
