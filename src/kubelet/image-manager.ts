import type { Container, Pod } from '../../generated/types/index.ts';
import { imagePullPolicyFor } from '../api/core/v1/images.ts';
import type { Env } from '../env/index.ts';
import { goDuration } from '../machinery/time.ts';
import type { ImageRecord, RegistryCredential, Runtime } from '../runtime/types.ts';
import { PullError } from '../runtime/types.ts';
import { BackOff } from './back-off.ts';
import { imageReferenceMistake } from './image-reference.ts';
import { ContainerError, messageOf } from './kubelet-error.ts';

export type RecordEvent = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** A container, or the image of a volume in its words. */
export type WantedImage = Readonly<Pick<Container, 'image' | 'imagePullPolicy'>>;

/** Sees to it that an image is on the node (pkg/kubelet/images). */
export class ImageManager {
  /** Keyed by pod and image: 10 s, doubled up to 300 s. */
  readonly #backOff = new BackOff(10_000, 300_000);
  readonly #lastErrors = new Map<string, string>();
  #lastPull: Promise<unknown> = Promise.resolve();

  constructor(
    readonly env: Pick<Env, 'clock'>,
    readonly runtime: Pick<Runtime, 'imageStatus' | 'pullImage'>,
  ) {}

  /**
   * Returns the image, pulled if the policy asks for it. Rejects with ContainerError: `ErrImageNeverPull`, `InvalidImageName`,
   * `ErrImagePull` when a pull fails, `ImagePullBackOff` while the last failure is too young.
   */
  async ensureImage(pod: Readonly<Pod>, wanted: WantedImage, credentials: readonly RegistryCredential[], record: RecordEvent): Promise<ImageRecord> {
    const image = wanted.image ?? '';
    const mistake = imageReferenceMistake(image);
    if (mistake) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${mistake}`;
      record('Warning', 'InspectFailed', message);
      throw new ContainerError('InvalidImageName', message);
    }
    const policy = wanted.imagePullPolicy ?? imagePullPolicyFor(image);
    const present = this.runtime.imageStatus(image);
    if (present && policy !== 'Always') {
      record('Normal', 'Pulled', `Container image "${image}" already present on machine`);
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      record('Warning', 'ErrImageNeverPull', message);
      throw new ContainerError('ErrImageNeverPull', message);
    }
    return this.#pull(`${pod.metadata?.uid}_${image}`, image, credentials, record);
  }

  forgetPod(uid: string): void {
    this.#backOff.forget(`${uid}_`);
    for (const key of this.#lastErrors.keys()) if (key.startsWith(`${uid}_`)) this.#lastErrors.delete(key);
  }

  /** One image of the node is pulled after another (--serialize-image-pulls); tells how long it took once its turn had come. */
  #inTurn(image: string, credentials: readonly RegistryCredential[]): Promise<{ readonly pulled: ImageRecord; readonly tookMs: number }> {
    const pull = this.#lastPull.then(async () => {
      const began = this.env.clock.now();
      const pulled = await this.runtime.pullImage(image, credentials);
      return { pulled, tookMs: Math.trunc(this.env.clock.now() - began) };
    });
    this.#lastPull = pull.catch(() => {});
    return pull;
  }

  async #pull(key: string, image: string, credentials: readonly RegistryCredential[], record: RecordEvent): Promise<ImageRecord> {
    const began = this.env.clock.now();
    const waitUntil = this.#backOff.untilSinceUpdate(key, began);
    if (waitUntil !== undefined) {
      const message = `Back-off pulling image "${image}"`;
      record('Normal', 'BackOff', message);
      const cause = this.#lastErrors.get(key);
      throw new ContainerError('ImagePullBackOff', cause ? `${message}: ${cause}` : message, waitUntil);
    }
    record('Normal', 'Pulling', `Pulling image "${image}"`);
    try {
      const { pulled, tookMs } = await this.#inTurn(image, credentials);
      const [took, withWait] = [goDuration(tookMs), goDuration(Math.trunc(this.env.clock.now() - began))];
      record('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took} (${withWait} including waiting). Image size: ${pulled.sizeBytes} bytes.`);
      this.#lastErrors.delete(key);
      return pulled;
    } catch (error) {
      const message = pullErrorText(error);
      record('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      const now = this.env.clock.now();
      this.#backOff.next(key, now);
      this.#lastErrors.set(key, `ErrImagePull: ${message}`);
      throw new ContainerError('ErrImagePull', message, now + this.#backOff.delayMs(key));
    }
  }
}

const grpcCodes: Record<PullError['kind'], string> = {
  'not-found': 'NotFound',
  unauthorized: 'Unknown',
  'invalid-reference': 'InvalidArgument',
  unavailable: 'Unknown',
};

/** The runtime's error as it comes over the CRI. */
function pullErrorText(error: unknown): string {
  const message = messageOf(error);
  if (!(error instanceof PullError) || message.startsWith('rpc error:')) return message;
  return `rpc error: code = ${grpcCodes[error.kind]} desc = ${message}`;
}
