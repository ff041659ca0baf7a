import type { Pod, PodCondition, PodStatus } from '../../../../generated/types/index.ts';

export function podCondition(status: PodStatus | undefined, type: string): PodCondition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

/** Whether the pod's Ready condition is True. */
export function podIsReady(pod: Readonly<Pod>): boolean {
  return podCondition(pod.status, 'Ready')?.status === 'True';
}

/** Succeeded or Failed: nothing of the pod will run again. */
export function podIsTerminal(pod: Readonly<Pod>): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The kubelet sets it on the pod that shows a static one; its value is the hash of the static pod. */
export const mirrorPodAnnotation = 'kubernetes.io/config.mirror';

/** Whether the pod only shows a static pod of its node. */
export function isMirrorPod(pod: Readonly<Pod>): boolean {
  return pod.metadata?.annotations?.[mirrorPodAnnotation] !== undefined;
}
