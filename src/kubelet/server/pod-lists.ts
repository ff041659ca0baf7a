import type { Pod, PodStatus } from '../../../generated/types/index.ts';
import { isMirrorPod } from '../../api/core/v1/pod-status.ts';
import { formatMicroTime } from '../../machinery/time.ts';
import type { Runtime } from '../../runtime/types.ts';
import { configAnnotation, isStaticPod } from '../manifests.ts';

/** `/pods`: the pods of the node as the kubelet has them: static ones in place of their mirrors, with the status that it has worked out. */
export function podList(
  pods: readonly Readonly<Pod>[],
  sources: { readonly statusOf: (pod: Readonly<Pod>) => PodStatus | undefined; readonly seenAt: (pod: Readonly<Pod>) => number | undefined },
): unknown {
  const items = pods
    .filter((pod) => !isMirrorPod(pod))
    .map((pod) => (isStaticPod(pod) ? staticItem(pod, sources.statusOf(pod)) : apiItem(pod, sources.seenAt(pod))));
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}

/** What comes from the API is marked so. */
function apiItem({ metadata, spec, status }: Readonly<Pod>, seenAt: number | undefined): unknown {
  const seen = seenAt === undefined ? {} : { [configAnnotation.seen]: formatMicroTime(seenAt) };
  return { metadata: { ...metadata, annotations: { ...metadata?.annotations, ...seen, [configAnnotation.source]: 'api' } }, spec, status };
}

function staticItem({ metadata, spec, status }: Readonly<Pod>, known: PodStatus | undefined): unknown {
  return { metadata, spec, status: known ?? status ?? {} };
}

/** `/runningpods/`: what the runtime runs, of which it knows little more than names. */
export function runningPodList(runtime: Runtime): unknown {
  const containers = runtime.listContainers().filter(({ state }) => state === 'running');
  const items = runtime
    .listPodSandboxes()
    .filter(({ state }) => state === 'ready')
    .map(({ id, podName, podNamespace, podUid }) => ({
      metadata: { name: podName, namespace: podNamespace, uid: podUid, creationTimestamp: null },
      spec: { containers: containers.filter((one) => one.sandboxId === id).map((one) => ({ name: one.name, image: one.imageReference, resources: {} })) },
      status: {},
    }));
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}
