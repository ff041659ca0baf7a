import type { PersistentVolume, Pod } from '../../generated/types/index.ts';
import type { VolumeHandle, Volumes } from '../runtime/types.ts';
import { messageOf } from './kubelet-error.ts';
import type { PodSources } from './pod-sources.ts';

/** A claim that gives a pod no volume yet; the message is upstream's desired state populator's. */
export class ClaimError extends Error {
  constructor(namespace: string, claim: string, why: string) {
    super(`error processing PVC ${namespace}/${claim}: ${why}`);
    this.name = 'ClaimError';
  }
}

/** The volume that a pod's claim is bound to (pkg/kubelet/volumemanager/populator). Rejects with ClaimError. */
export async function boundVolume(pod: Readonly<Pod>, claimName: string, sources: PodSources): Promise<Readonly<PersistentVolume>> {
  const namespace = pod.metadata?.namespace ?? '';
  const refuse = (why: string) => new ClaimError(namespace, claimName, why);
  const claim = await sources.claim(namespace, claimName).catch((error) => {
    throw refuse(`failed to fetch PVC from API server: ${messageOf(error)}`);
  });
  if (claim.metadata?.deletionTimestamp) throw refuse("can't start pod because PVC is being deleted");
  if (claim.status?.phase !== 'Bound') throw refuse('PVC is not bound');
  const name = claim.spec?.volumeName;
  if (!name) throw refuse('PVC has empty pvc.Spec.VolumeName');
  const volume = await sources.volume(name).catch((error) => {
    throw refuse(`failed to fetch PV ${name} from API server: ${messageOf(error)}`);
  });
  const uid = volume.spec?.claimRef?.uid;
  if (uid === claim.metadata?.uid) return volume;
  if (!volume.spec?.claimRef) throw refuse(`found PV object ${name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`);
  throw refuse(
    `found PV object ${name} but its pv.Spec.ClaimRef.UID ${JSON.stringify(uid ?? '')} does not point to claim.UID ${JSON.stringify(claim.metadata?.uid)}`,
  );
}

/** The files of a persistent volume: those of a path of the node, the only kinds that are simulated. Throws with the mount's error. */
export function persistentFiles({ spec }: Readonly<PersistentVolume>, volumes: Volumes): VolumeHandle {
  if (spec?.hostPath) return volumes.hostPath(spec.hostPath.path, spec.hostPath.type ?? '');
  if (spec?.local) return volumes.hostPath(spec.local.path, 'Directory');
  const kinds = ['capacity', 'accessModes', 'claimRef', 'persistentVolumeReclaimPolicy', 'storageClassName', 'mountOptions', 'volumeMode', 'nodeAffinity'];
  const kind = Object.keys(spec ?? {}).find((field) => !kinds.includes(field));
  throw new Error(`paperkube does not simulate persistent volumes of type ${kind ?? 'unknown'}`);
}
