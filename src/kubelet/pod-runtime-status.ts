import type { Container, Pod } from '../../generated/types/index.ts';
import type { ContainerStatus, SandboxStatus } from '../runtime/types.ts';

/** What the runtime holds of one pod. */
export interface PodRuntimeStatus {
  /** The newest sandbox. */
  readonly sandbox?: SandboxStatus | undefined;
  /** Newest first. */
  readonly containers: readonly ContainerStatus[];
}

/** The newest container of a name. */
export function containerNamed(status: PodRuntimeStatus, name: string): ContainerStatus | undefined {
  return status.containers.find((one) => one.name === name);
}

/** Only what runs in, or was made for, the present sandbox. */
export function inPresentSandbox(status: PodRuntimeStatus): readonly ContainerStatus[] {
  return status.containers.filter((one) => one.sandboxId === status.sandbox?.id);
}

/** Whether a failed container may be started again. */
export function restartsOnFailure(pod: Readonly<Pod>): boolean {
  return pod.spec?.restartPolicy !== 'Never';
}

/**
 * Whether a container that is not running is to be started in the next sync (pkg/kubelet/container ShouldContainerBeRestarted).
 * It does not know of sidecars' own policy: those of a pod that is never restarted do come back, but are not shown as waiting for it.
 */
export function shouldBeRestarted(container: Readonly<Container>, pod: Readonly<Pod>, status: PodRuntimeStatus): boolean {
  if (pod.metadata?.deletionTimestamp) return false;
  const last = containerNamed(status, container.name);
  if (!last || last.state === 'created') return true;
  if (last.state === 'running') return false;
  if (pod.spec?.restartPolicy === 'Never') return false;
  if (pod.spec?.restartPolicy === 'OnFailure') return last.exitCode !== 0;
  return true;
}
