import type { ImageLayer, Volume } from '../shell/fs/index.ts';
import { createVolume } from '../shell/fs/index.ts';
import { TreeDirectory } from '../shell/fs/tree-directory.ts';
import { SystemError } from '../shell/kernel/types.ts';
import type { ImageRecord } from './types.ts';
import { StartError } from './types.ts';

/** What Go says of the errors that a path inside an image may end in. */
const texts: Readonly<Record<string, string>> = {
  ELOOP: 'too many levels of symbolic links',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EXDEV: 'path escapes from parent',
};

/**
 * An image's files as a volume, to be mounted read-only (containerd's container_image_mount.go).
 * Throws StartError, in containerd's words, for a subPath that is no directory of the image.
 */
export function imageVolume(image: ImageRecord, layer: ImageLayer, options: { readonly sandboxId: string; readonly subPath?: string | undefined }): Volume {
  const volume = createVolume({ type: 'overlay', source: 'overlay', layer });
  if (options.subPath) checkSubPath(volume, options.subPath, hostFolder(image, options.sandboxId));
  return volume;
}

/** Fails as containerd does when an image cannot be mounted. */
export function imageMountError(why: string): StartError {
  return new StartError(`failed to mount image volume: ImageVolumeMountFailed: ${why}`, 128);
}

function checkSubPath(volume: Volume, subPath: string, folder: string): void {
  const failed = (why: string) => imageMountError(`failed to ensure image subpath ${JSON.stringify(subPath)} in ${JSON.stringify(folder)}: ${why}`);
  let found: unknown;
  try {
    found = volume.find(subPath);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw failed(`openat ${subPath}: ${texts[error.code] ?? error.message}`);
  }
  if (found instanceof TreeDirectory) return;
  throw failed(`only directory subpath is supported, subpath: ${JSON.stringify(subPath)}, mountpoint: ${JSON.stringify(folder)} `);
}

/** Where containerd lays the image out for a pod. */
function hostFolder({ repoDigests }: ImageRecord, sandboxId: string): string {
  const digest = repoDigests[0]?.split(':').at(-1) ?? '';
  return `/run/containerd/io.containerd.grpc.v1.cri/image-volumes/${sandboxId}/${digest}`;
}
