import type { Pod, Volume } from '../../generated/types/index.ts';
import type { Env, Timer } from '../env/index.ts';
import { quantityValue } from '../machinery/quantity.ts';
import type { VolumeHandle, Volumes } from '../runtime/types.ts';
import { messageOf } from './kubelet-error.ts';
import { boundVolume, ClaimError, persistentFiles } from './persistent-claims.ts';
import type { VolumeFacts } from './volume-files.ts';
import { volumeContent } from './volume-files.ts';

/** A volume that could not be set up; the message is that of the FailedMount event. */
export class MountError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MountError';
  }
}

/** How much more than its limit a volume on disk takes until its pod is evicted. */
const beyondLimitBytes = 256 * 1024 ** 2;

const gitRepoDisabled = 'git-repo volume plugin has been disabled; if necessary, it may be re-enabled by enabling the feature-gate `GitRepoVolumeDriver`';

/** A persistent volume that could not be set up: the event names it by its own name. */
class PersistentVolumeError extends Error {
  constructor(
    readonly volume: string,
    message: string,
  ) {
    super(message);
  }
}

/** A volume of a pod and what it holds, in bytes. */
export interface VolumeUsage {
  readonly name: string;
  readonly bytes: number;
  readonly inMemory: boolean;
  readonly claimName?: string | undefined;
}

interface Mounted {
  readonly handles: Map<string, VolumeHandle>;
  readonly renewals: Map<string, Timer>;
}

/** Sets up the volumes of pods, and keeps what it filled up to date (pkg/kubelet/volumemanager). */
export class VolumeManager {
  readonly #pods = new Map<string, Mounted>();

  constructor(
    readonly env: Pick<Env, 'loop' | 'clock' | 'log'>,
    readonly volumes: Volumes,
  ) {}

  /** The pod's volumes by name; those that stand already are left alone. Rejects with MountError at the first that fails. */
  async mount(pod: Readonly<Pod>, facts: VolumeFacts): Promise<ReadonlyMap<string, VolumeHandle>> {
    const uid = pod.metadata?.uid ?? '';
    const mounted = this.#pods.get(uid) ?? { handles: new Map(), renewals: new Map() };
    this.#pods.set(uid, mounted);
    for (const volume of pod.spec?.volumes ?? []) {
      if (volume.image || mounted.handles.has(volume.name)) continue; // Images are the runtime's to mount.
      try {
        mounted.handles.set(volume.name, await this.#setUp(pod, volume, facts, mounted));
      } catch (error) {
        if (error instanceof ClaimError) throw new MountError(unprocessed(pod, mounted, volume.name, error.message));
        const shown = error instanceof PersistentVolumeError ? error.volume : volume.name;
        throw new MountError(`MountVolume.SetUp failed for volume "${shown}" : ${messageOf(error)}`);
      }
    }
    return mounted.handles;
  }

  /** Fills the pod's volumes anew: their sources, or the pod's own fields, have changed. */
  async refresh(pod: Readonly<Pod>, facts: VolumeFacts): Promise<void> {
    const mounted = this.#pods.get(pod.metadata?.uid ?? '');
    if (!mounted) return;
    for (const volume of pod.spec?.volumes ?? []) {
      const handle = mounted.handles.get(volume.name);
      if (!handle) continue;
      try {
        await this.#fill(pod, volume, handle, facts, mounted);
      } catch (error) {
        // Upstream keeps the old files when a source has gone.
        this.env.log.warn('volume was not refreshed', { volume: volume.name, error: messageOf(error) });
      }
    }
  }

  /** What a pod's volumes hold, but those that are a part of the node's own files. */
  usage(pod: Readonly<Pod>): VolumeUsage[] {
    const handles = this.#pods.get(pod.metadata?.uid ?? '')?.handles;
    return (pod.spec?.volumes ?? []).flatMap((volume) => {
      const handle = volume.hostPath ? undefined : handles?.get(volume.name);
      if (!handle) return [];
      const inMemory = volume.emptyDir ? volume.emptyDir.medium === 'Memory' : !volume.configMap && !volume.persistentVolumeClaim;
      return [{ name: volume.name, bytes: this.volumes.usedBytes(handle), inMemory, claimName: volume.persistentVolumeClaim?.claimName }];
    });
  }

  /** What a pod's emptyDir volumes hold. */
  emptyDirs(pod: Readonly<Pod>): { readonly name: string; readonly bytes: number; readonly inMemory: boolean }[] {
    const handles = this.#pods.get(pod.metadata?.uid ?? '')?.handles;
    return (pod.spec?.volumes ?? []).flatMap(({ name, emptyDir }) => {
      const handle = emptyDir && handles?.get(name);
      return handle ? [{ name, bytes: this.volumes.usedBytes(handle), inMemory: emptyDir.medium === 'Memory' }] : [];
    });
  }

  unmount(uid: string): void {
    const { renewals, handles } = this.#pods.get(uid) ?? {};
    for (const timer of renewals?.values() ?? []) timer.cancel();
    for (const handle of handles?.values() ?? []) this.volumes.remove(handle);
    this.#pods.delete(uid);
  }

  async #setUp(pod: Readonly<Pod>, volume: Readonly<Volume>, facts: VolumeFacts, mounted: Mounted): Promise<VolumeHandle> {
    if (volume.emptyDir) {
      const { sizeLimit, medium } = volume.emptyDir;
      const inMemory = medium === 'Memory';
      // Only a memory file system stops at its limit; on disk, passing it costs the pod its life.
      const sizeLimitBytes = sizeLimit ? quantityValue(sizeLimit) + (inMemory ? 0 : beyondLimitBytes) : undefined;
      return this.volumes.createTmpfs({ ...ownership(pod, inMemory), inMemory, onDisk: !inMemory, ...(sizeLimitBytes ? { sizeLimitBytes } : {}) });
    }
    if (volume.persistentVolumeClaim) return await this.#mountClaim(pod, volume.persistentVolumeClaim.claimName, facts);
    if (volume.hostPath) return this.volumes.hostPath(volume.hostPath.path, volume.hostPath.type ?? '');
    const handle = this.volumes.createTmpfs({ ...ownership(pod, volume.configMap === undefined), onDisk: volume.configMap !== undefined });
    if (await this.#fill(pod, volume, handle, facts, mounted)) return handle;
    const kind = Object.keys(volume).find((field) => field !== 'name');
    if (kind === 'gitRepo') throw new Error(gitRepoDisabled);
    throw new Error(`paperkube does not simulate volumes of type ${kind ?? 'unknown'}`);
  }

  async #mountClaim(pod: Readonly<Pod>, claimName: string, facts: VolumeFacts): Promise<VolumeHandle> {
    const bound = await boundVolume(pod, claimName, facts.sources);
    try {
      return persistentFiles(bound, this.volumes);
    } catch (error) {
      throw new PersistentVolumeError(bound.metadata?.name ?? '', messageOf(error));
    }
  }

  async #fill(pod: Readonly<Pod>, volume: Readonly<Volume>, handle: VolumeHandle, facts: VolumeFacts, mounted: Mounted): Promise<boolean> {
    const content = await volumeContent(pod, volume, facts);
    if (!content) return false;
    const gid = pod.spec?.securityContext?.fsGroup;
    this.volumes.writeFiles(handle, content.files, gid === undefined ? {} : { gid });
    mounted.renewals.get(volume.name)?.cancel();
    mounted.renewals.delete(volume.name);
    if (content.renewAt !== undefined && this.#pods.get(pod.metadata?.uid ?? '') === mounted)
      this.#renewLater(pod, volume, handle, facts, mounted, content.renewAt);
    return true;
  }

  #renewLater(pod: Readonly<Pod>, volume: Readonly<Volume>, handle: VolumeHandle, facts: VolumeFacts, mounted: Mounted, renewAt: number): void {
    const at = Math.max(renewAt, this.env.clock.now() + 60_000);
    const timer = this.env.loop.at(at, 'kubelet token renewal', async () => {
      await this.#fill(pod, volume, handle, facts, mounted).catch((error) => {
        this.env.log.warn('token was not renewed', { pod: pod.metadata?.name, error: messageOf(error) });
        this.#renewLater(pod, volume, handle, facts, mounted, this.env.clock.now());
      });
    });
    mounted.renewals.set(volume.name, timer);
  }
}

/**
 * With an fsGroup the volume is of that group, and so is what is made in it (pkg/volume SetVolumeOwnership). What the kubelet mounts a tmpfs for
 * (secrets, tokens, downward API, memory) keeps the sticky bit that a tmpfs begins with.
 */
function ownership({ spec }: Readonly<Pod>, isTmpfs: boolean): { readonly mode: number; readonly gid: number | undefined } {
  const gid = spec?.securityContext?.fsGroup;
  return { mode: (gid === undefined ? 0o777 : 0o2777) | (isTmpfs ? 0o1000 : 0), gid };
}

/** What the event says of a volume that is not known to be one: which of the pod's are missing, and why. */
function unprocessed(pod: Readonly<Pod>, mounted: Mounted, name: string, why: string): string {
  const missing = (pod.spec?.volumes ?? []).filter((one) => !one.image && !mounted.handles.has(one.name)).map((one) => one.name);
  return `Unable to attach or mount volumes: unmounted volumes=[${missing.join(' ')}], unattached volumes=[], failed to process volumes=[${name}]: ${why}`;
}
