import type { KubeObject, ObjectKey } from '../machinery/types.ts';
import type { Lister } from './types.ts';

/** The uid of the controller among the owner references; undefined for an orphan. */
export function controllerUid(object: KubeObject): string | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller)?.uid;
}

/** A Lister that can also find those without a controller, for adoption. */
export interface OwnerLister<T extends KubeObject> extends Lister<T> {
  /** Objects of the namespace that no owner reference marks as controlled. */
  orphans(namespace: string): readonly Readonly<T>[];
}

/** Objects by name, in order of first appearance; the list is made when asked for and kept until something changes. */
class Bucket<T extends KubeObject> {
  readonly #byName = new Map<string, T>();
  #list: readonly T[] | undefined;

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): T | undefined {
    return this.#byName.get(name);
  }

  set(name: string, object: T): void {
    this.#byName.set(name, object);
    this.#list = undefined;
  }

  delete(name: string): void {
    if (this.#byName.delete(name)) this.#list = undefined;
  }

  list(): readonly T[] {
    this.#list ??= [...this.#byName.values()];
    return this.#list;
  }
}

class Buckets<T extends KubeObject> {
  readonly #buckets = new Map<string, Bucket<T>>();

  get(id: string): Bucket<T> | undefined {
    return this.#buckets.get(id);
  }

  set(id: string, name: string, object: T): void {
    let bucket = this.#buckets.get(id);
    if (!bucket) {
      bucket = new Bucket();
      this.#buckets.set(id, bucket);
    }
    bucket.set(name, object);
  }

  delete(id: string, name: string): void {
    const bucket = this.#buckets.get(id);
    bucket?.delete(name);
    if (bucket?.size === 0) this.#buckets.delete(id);
  }

  list(id: string): readonly T[] {
    return this.#buckets.get(id)?.list() ?? [];
  }
}

/**
 * An informer's cache: objects by namespace and name, indexed by their controller. Lists are in order of first appearance,
 * which is the order of creation: an order by name would depend on generated names, and so on the seed.
 */
export class Cache<T extends KubeObject> implements OwnerLister<T> {
  readonly #all = new Buckets<T>();
  readonly #byNamespace = new Buckets<T>();
  readonly #byOwner = new Buckets<T>();
  readonly #orphans = new Buckets<T>();

  get({ namespace = '', name }: ObjectKey): Readonly<T> | undefined {
    return this.#byNamespace.get(namespace)?.get(name);
  }

  list(namespace?: string): readonly Readonly<T>[] {
    return namespace ? this.#byNamespace.list(namespace) : this.#all.list('');
  }

  ownedBy(owner: KubeObject): readonly Readonly<T>[] {
    return this.#byOwner.list(owner.metadata?.uid ?? '');
  }

  orphans(namespace: string): readonly Readonly<T>[] {
    return this.#orphans.list(namespace);
  }

  /** Returns what was there before. */
  put(object: T): T | undefined {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const id = `${namespace}/${name}`;
    const previous = this.#byNamespace.get(namespace)?.get(name);
    // An object of the same name with another uid is a new one: it goes to the end.
    if (previous && previous.metadata?.uid !== object.metadata?.uid) this.remove(previous);
    else if (previous && controllerUid(previous) !== controllerUid(object)) this.#unindex(previous, id);
    this.#all.set('', id, object);
    this.#byNamespace.set(namespace, name, object);
    const owner = controllerUid(object);
    if (owner) this.#byOwner.set(owner, id, object);
    else this.#orphans.set(namespace, id, object);
    return previous;
  }

  /** Returns what was there. */
  remove(object: KubeObject): T | undefined {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const previous = this.#byNamespace.get(namespace)?.get(name);
    if (!previous) return undefined;
    this.#byNamespace.delete(namespace, name);
    this.#all.delete('', `${namespace}/${name}`);
    this.#unindex(previous, `${namespace}/${name}`);
    return previous;
  }

  #unindex(object: T, id: string): void {
    const owner = controllerUid(object);
    if (owner) this.#byOwner.delete(owner, id);
    else this.#orphans.delete(object.metadata?.namespace ?? '', id);
  }
}
