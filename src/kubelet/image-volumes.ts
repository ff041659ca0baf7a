import type { Pod } from '../../generated/types/index.ts';
import type { ImageRecord } from '../runtime/types.ts';
import type { Cancellation } from './cancellation.ts';
import { ContainerError } from './kubelet-error.ts';
import type { PodContainer } from './pod-format.ts';
import { podReference } from './pod-format.ts';
import type { WorkerContext } from './worker-context.ts';

/** The images of a pod's volumes, by the volume's name; of those that could not be had, why. */
export type ImageVolumes = ReadonlyMap<string, ImageRecord | ContainerError>;

export const noImages: ImageVolumes = new Map();

export function hasImageVolumes({ spec }: Readonly<Pod>): boolean {
  return spec?.volumes?.some((one) => one.image) ?? false;
}

/**
 * Sees to it that the images of a pod's volumes are on the node, one after the other (kuberuntime getImageVolumes). A failure is told
 * as an event of the pod; it is the containers that mount the volume which do not start for it. Rejects when cancelled.
 *
 * Differs from upstream: a kubelet has no gate ImageVolume of its own. With the API server's off, a static pod alone can ask for images.
 */
export async function pullImageVolumes(context: WorkerContext, pod: Readonly<Pod>, cancel: Cancellation): Promise<ImageVolumes> {
  const found = new Map<string, ImageRecord | ContainerError>();
  const volumes = (pod.spec?.volumes ?? []).flatMap(({ name, image }) => (image ? [{ name, image }] : []));
  const credentials = await context.credentials(pod);
  const record = (type: 'Normal' | 'Warning', reason: string, message: string) => {
    if (!cancel.cancelled) context.events.event(podReference(pod), type, reason, message);
  };
  for (const { name, image } of volumes) {
    const wanted = { image: image.reference, imagePullPolicy: image.pullPolicy };
    try {
      found.set(name, await cancel.race(context.images.ensureImage(pod, wanted, credentials, record)));
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      found.set(name, error);
    }
  }
  return found;
}

/** The images that a container mounts and that could not be had, once for each mount. */
export function missingImages({ spec }: PodContainer, images: ImageVolumes): ContainerError[] {
  const mounted = (spec.volumeMounts ?? []).map((mount) => images.get(mount.name));
  return mounted.filter((one) => one instanceof ContainerError);
}
