import type { Container, ObjectReference, Pod } from '../../generated/types/index.ts';

export { isSidecar } from '../api/core/v1/pod-resources.ts';

/** `web_default(3f0c…)`: how the kubelet's messages name a pod (pkg/kubelet/util/format Pod). */
export function formatPod(pod: Readonly<Pod>): string {
  return `${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})`;
}

export type ContainerKind = 'container' | 'init' | 'ephemeral';

/** A container of a pod's spec, whatever list it stands in. */
export interface PodContainer {
  readonly kind: ContainerKind;
  readonly index: number;
  readonly spec: Readonly<Container>;
}

/** All containers of a pod: init containers first, then the app's, then ephemeral ones. */
export function podContainers(pod: Readonly<Pod>): PodContainer[] {
  const from = (kind: ContainerKind, list: readonly Container[] | undefined) => (list ?? []).map((spec, index) => ({ kind, index, spec }));
  return [...from('init', pod.spec?.initContainers), ...from('container', pod.spec?.containers), ...from('ephemeral', pod.spec?.ephemeralContainers)];
}

export function findContainer(pod: Readonly<Pod>, name: string): PodContainer | undefined {
  return podContainers(pod).find((one) => one.spec.name === name);
}

/** `spec.initContainers{init-db}`: what an event about a container points at. */
export function containerFieldPath({ kind, spec }: PodContainer): string {
  const list = kind === 'init' ? 'initContainers' : kind === 'ephemeral' ? 'ephemeralContainers' : 'containers';
  return `spec.${list}{${spec.name}}`;
}

/** What an event about a pod, or about one of its containers, is about. */
export function podReference(pod: Readonly<Pod>, container?: PodContainer): ObjectReference {
  const { namespace, name, uid, resourceVersion } = pod.metadata ?? {};
  return {
    kind: 'Pod',
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(uid ? { uid } : {}),
    apiVersion: 'v1',
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(container ? { fieldPath: containerFieldPath(container) } : {}),
  };
}
