import type { PodSpec } from '../../../../generated/types/index.ts';

/**
 * What has been found out about specs that never change and that many pods hold. The second look at one makes it worth remembering:
 * most specs are of one pod only, and there may be ten thousands of them.
 */
export class SharedSpecs<T> {
  readonly #known = new WeakMap<PodSpec, T>();
  #last: PodSpec | undefined;

  get(spec: PodSpec): T | undefined {
    return this.#known.get(spec);
  }

  /** `found` holds for this spec in whatever pod. */
  learn(spec: PodSpec, found: T): void {
    if (spec !== this.#last) this.#last = spec;
    else if (Object.isFrozen(spec)) this.#known.set(spec, found);
  }
}
