import type { Env, Timer } from '../env/index.ts';
import type { ImageRecord, Runtime } from '../runtime/types.ts';

/** Upstream's --image-gc-high-threshold, --image-gc-low-threshold and --minimum-image-ttl-duration. */
const highPercent = 85;
const lowPercent = 80;
const minAgeMs = 2 * 60_000;
const periodMs = 5 * 60_000;

export interface ImageGarbageOptions {
  readonly env: Pick<Env, 'loop' | 'clock'>;
  readonly runtime: Pick<Runtime, 'listImages' | 'removeImage' | 'listContainers'>;
  /** Bytes of the node's disk, and how many of them are used, images too. */
  readonly disk: () => { readonly capacity: number; readonly used: number };
  /** Records a warning about the node. */
  readonly warn: (reason: 'FreeDiskSpaceFailed' | 'ImageGCFailed', message: string) => void;
}

/** Removes images that nothing uses once the disk is fuller than 85 %, the longest unused first (pkg/kubelet/images image_gc_manager.go). */
export class ImageGarbage {
  /** By image: when a container of it was last seen, or the image first, in simulated ms. */
  readonly #lastUsed = new Map<string, number>();
  #timer: Pick<Timer, 'cancel'> | undefined;
  #failedBefore = false;

  constructor(readonly options: ImageGarbageOptions) {}

  start(): void {
    this.#timer = this.options.env.loop.every(periodMs, 'kubelet image garbage', () => this.collect());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Frees the disk down to 80 % if it is fuller than 85 %. */
  collect(): void {
    const unused = this.#unused();
    const { capacity, used } = this.options.disk();
    const failure = capacity > 0 && (used * 100) / capacity >= highPercent ? this.#free(unused, capacity, used) : undefined;
    // The first failure may pass; only what goes on failing is told of as such.
    if (failure !== undefined && this.#failedBefore) this.options.warn('ImageGCFailed', failure);
    this.#failedBefore = failure !== undefined;
  }

  /** Removes every image that no container uses, whatever its age. */
  removeUnused(): void {
    for (const { id } of this.#unused()) this.#remove(id);
  }

  #free(unused: readonly ImageRecord[], capacity: number, used: number): string | undefined {
    const wanted = Math.trunc((capacity * (100 - lowPercent)) / 100 - (capacity - used));
    const now = this.options.env.clock.now();
    let freed = 0;
    for (const { id, sizeBytes } of unused) {
      if (freed >= wanted) break;
      if (now - (this.#lastUsed.get(id) ?? now) < minAgeMs) continue;
      this.#remove(id);
      freed += sizeBytes;
    }
    if (freed >= wanted) return undefined;
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`;
    this.options.warn('FreeDiskSpaceFailed', message);
    return message;
  }

  #remove(id: string): void {
    this.options.runtime.removeImage(id);
    this.#lastUsed.delete(id);
  }

  /** Longest unused first. Every container counts with all it mounts, one that has ended too: it would be started again from its images. */
  #unused(): ImageRecord[] {
    const now = this.options.env.clock.now();
    const inUse = new Set(this.options.runtime.listContainers().flatMap(({ imageId, mountedImageIds = [] }) => [imageId, ...mountedImageIds]));
    const images = this.options.runtime.listImages();
    for (const { id } of images) if (inUse.has(id) || !this.#lastUsed.has(id)) this.#lastUsed.set(id, now);
    const at = ({ id }: ImageRecord) => this.#lastUsed.get(id) ?? now;
    return images.filter((image) => !inUse.has(image.id) && !image.pinned).sort((a, b) => at(a) - at(b) || (a.id < b.id ? -1 : 1));
  }
}
