import type { Volume } from '../../../../generated/types/index.ts';
import { isBadSeccomp, seccompProfile } from './baseline.ts';
import type { PodCheck } from './pod-view.ts';
import { containersNamed, containersOf, containersWhere, plural, quoted, setters, sortedUnique } from './pod-view.ts';

export const allowPrivilegeEscalation: PodCheck = (pod) => {
  const containers = containersWhere(pod, (security) => security.allowPrivilegeEscalation !== false);
  if (containers.length === 0) return undefined;
  return { reason: 'allowPrivilegeEscalation != false', detail: `${containersNamed(containers)} must set securityContext.allowPrivilegeEscalation=false` };
};

export const capabilitiesRestricted: PodCheck = (pod) => {
  const missing = containersWhere(pod, (security) => !security.capabilities?.drop?.includes('ALL'));
  const added = (add: readonly string[] = []) => add.filter((one) => one !== 'NET_BIND_SERVICE');
  const adding = containersWhere(pod, (security) => added(security.capabilities?.add).length > 0);
  const names = sortedUnique(containersOf(pod).flatMap((one) => added(one.securityContext?.capabilities?.add)));
  const details = [
    ...(missing.length > 0 ? [`${containersNamed(missing)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0 ? [`${containersNamed(adding)} must not include ${quoted(names)} in securityContext.capabilities.add`] : []),
  ];
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

/** Volumes that cannot reach the machine. */
const harmlessVolumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'] as const;
const otherVolumes =
  'hostPath gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs rbd flexVolume cinder cephfs flocker fc azureFile vsphereVolume quobyte azureDisk photonPersistentDisk portworxVolume scaleIO storageos'.split(
    ' ',
  ) as (keyof Volume)[];

export const restrictedVolumes: PodCheck = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !harmlessVolumes.some((type) => volume[type]));
  if (bad.length === 0) return undefined;
  const types = sortedUnique(bad.map((volume) => otherVolumes.find((type) => volume[type]) ?? 'unknown'));
  const volumes = `${plural('volume', 'volumes', bad.length)} ${quoted(bad.map((volume) => volume.name))}`;
  const uses = `${plural('uses', 'use', bad.length)} ${plural('restricted volume type', 'restricted volume types', types.length)} ${quoted(types)}`;
  return { reason: 'restricted volume types', detail: `${volumes} ${uses}` };
};

export const runAsNonRoot: PodCheck = (pod) => {
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const reason = 'runAsNonRoot != true';
  const explicit = containersWhere(pod, (security) => security.runAsNonRoot === false);
  if (ofPod === false || explicit.length > 0) {
    return { reason, detail: `${setters(ofPod === false, explicit)} must not set securityContext.runAsNonRoot=false` };
  }
  const silent = ofPod ? [] : containersWhere(pod, (security) => security.runAsNonRoot === undefined);
  return silent.length > 0 ? { reason, detail: `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true` } : undefined;
};

export const runAsUser: PodCheck = (pod) => {
  const ofPod = pod.spec.securityContext?.runAsUser === 0;
  const containers = containersWhere(pod, (security) => security.runAsUser === 0);
  if (!ofPod && containers.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters(ofPod, containers)} must not set runAsUser=0` };
};

/** As in baseline; and somebody has to choose a profile. */
export const seccompRestricted: PodCheck = (pod) => {
  const explicit = seccompProfile(pod);
  if (explicit) return explicit;
  const ofPod = pod.spec.securityContext?.seccompProfile;
  if (ofPod && !isBadSeccomp(ofPod.type)) return undefined;
  const silent = containersWhere(pod, (security) => security.seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  const detail = `pod or ${containersNamed(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: 'seccompProfile', detail };
};
