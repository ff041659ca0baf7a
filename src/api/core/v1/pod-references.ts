import type { Container, EphemeralContainer, PodSpec, Volume } from '../../../../generated/types/index.ts';

type AnyContainer = Container | EphemeralContainer;

/** The Secrets that a pod refers to, in whatever way; some more than once (pkg/api/pod VisitPodSecretNames). */
export function podSecretNames(spec: Readonly<PodSpec>): string[] {
  const pulled = (spec.imagePullSecrets ?? []).map((one) => one.name);
  const used = containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
    ...envFrom.map((one) => one.secretRef?.name),
    ...env.map((one) => one.valueFrom?.secretKeyRef?.name),
  ]);
  return named([...pulled, ...used, ...(spec.volumes ?? []).flatMap(secretsOfVolume)]);
}

/** The ConfigMaps that a pod refers to (VisitPodConfigmapNames). */
export function podConfigMapNames(spec: Readonly<PodSpec>): string[] {
  const used = containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
    ...envFrom.map((one) => one.configMapRef?.name),
    ...env.map((one) => one.valueFrom?.configMapKeyRef?.name),
  ]);
  const mounted = (spec.volumes ?? []).flatMap(({ configMap, projected }) => [
    configMap?.name,
    ...(projected?.sources ?? []).map((one) => one.configMap?.name),
  ]);
  return named([...used, ...mounted]);
}

function secretsOfVolume(volume: Readonly<Volume>): (string | undefined)[] {
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, projected, rbd, scaleIO, secret, storageos } = volume;
  const referring = [cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos];
  return [
    secret?.secretName,
    azureFile?.secretName,
    csi?.nodePublishSecretRef?.name,
    ...referring.map((one) => one?.secretRef?.name),
    ...(projected?.sources ?? []).map((one) => one.secret?.name),
  ];
}

function containersOf({ initContainers = [], containers = [], ephemeralContainers = [] }: Readonly<PodSpec>): readonly AnyContainer[] {
  return [...initContainers, ...containers, ...ephemeralContainers];
}

const named = (names: readonly (string | undefined)[]): string[] => names.filter((name): name is string => name !== undefined && name !== '');
