import { expect, test } from 'vitest';
import type { Pod, PodSpec, ResourceRequirements } from '../../generated/types/index.ts';
import type { ContainerStatus, SandboxStatus } from '../runtime/types.ts';
import type { ProbeResults } from './pod-actions.ts';
import { computePodActions } from './pod-actions.ts';

const sandbox: SandboxStatus = { id: 's1', podName: 'p', podNamespace: 'default', podUid: 'u', attempt: 0, state: 'ready', ips: ['10.0.0.1'], createdAt: 0 };
const quiet: ProbeResults = { liveness: () => 'success', startup: () => 'success' };

function pod(spec: Partial<PodSpec>): Pod {
  return { metadata: { name: 'p', namespace: 'default', uid: 'u' }, spec: { restartPolicy: 'Always', containers: [{ name: 'app', image: 'a' }], ...spec } };
}

function run(name: string, state: ContainerStatus['state'], exitCode?: number, sandboxId = 's1'): ContainerStatus {
  return { id: `${name}-id`, sandboxId, name, attempt: 0, state, imageId: 'i', imageReference: name.startsWith('app') ? 'a' : 'b', createdAt: 0, exitCode };
}

const init = (name: string, restartPolicy?: string) => ({ name, image: 'b', ...(restartPolicy ? { restartPolicy } : {}) });

/** The decision in few words. */
function plan(
  spec: Partial<PodSpec>,
  containers: ContainerStatus[],
  options: { sandbox?: SandboxStatus | undefined; probes?: ProbeResults; actuated?: ResourceRequirements } = {},
): string {
  const status = { sandbox: 'sandbox' in options ? options.sandbox : sandbox, containers };
  const actions = computePodActions(pod(spec), status, options.probes ?? quiet, () => options.actuated);
  const parts = [
    actions.killPod ? 'kill pod' : '',
    actions.createSandbox ? `sandbox ${actions.attempt}` : '',
    ...[...actions.containersToKill.values()].map((one) => `kill (${one.message})`),
    ...actions.containersToResize.map((one) => `resize ${one.spec.name}`),
    ...actions.initContainersToStart.map((index) => `init ${index}`),
    ...actions.containersToStart.map((index) => `start ${index}`),
  ];
  return parts.filter(Boolean).join(', ') || 'nothing';
}

const two = { initContainers: [init('i0'), init('i1')] };
const sidecar = { initContainers: [init('side', 'Always'), init('i1')] };
const failing: ProbeResults = { liveness: () => 'failure', startup: () => 'success' };
const probed = { containers: [{ name: 'app', image: 'a', livenessProbe: {} }] };

const sized = (policy?: string) => ({
  name: 'app',
  image: 'a',
  resources: { limits: { memory: '2Mi' }, requests: { memory: '2Mi' } },
  ...(policy ? { resizePolicy: [{ resourceName: 'memory', restartPolicy: policy }] } : {}),
});
const small = { actuated: { limits: { memory: '1Mi' }, requests: { memory: '1Mi' } } };

test.each<[string, string, string]>([
  ['a container with other resources than it runs with is resized', plan({ containers: [sized()] }, [run('app', 'running')], small), 'resize app'],
  [
    'a container whose policy asks for it is restarted to be resized',
    plan({ containers: [sized('RestartContainer')] }, [run('app', 'running')], small),
    'kill (Container app resize requires restart), start 0',
  ],
  [
    'a sidecar too, while the app beside it is resized',
    plan(
      { initContainers: [{ ...sized('RestartContainer'), name: 'side', image: 'b', restartPolicy: 'Always' }] },
      [run('app', 'running'), run('side', 'running')],
      small,
    ),
    'kill (Container side resize requires restart), resize app, init 0',
  ],
  [
    'amounts that are the same in other words are no resize',
    plan({ containers: [sized()] }, [run('app', 'running')], { actuated: { limits: { memory: '2097152' }, requests: { memory: '2048Ki' } } }),
    'nothing',
  ],
  ['a container that does not run is not resized', plan({ containers: [sized()] }, [run('app', 'exited', 1)], small), 'start 0'],
  ['a new pod gets its sandbox and its first init container', plan(two, [], { sandbox: undefined }), 'kill pod, sandbox 0, init 0'],
  ['a new pod without init containers starts at once', plan({}, [], { sandbox: undefined }), 'kill pod, sandbox 0, start 0'],
  ['while an init container runs nothing happens', plan(two, [run('i0', 'running')]), 'nothing'],
  ['the next init container follows one that succeeded', plan(two, [run('i0', 'exited', 0)]), 'init 1'],
  ['after the last one the app starts', plan(two, [run('i1', 'exited', 0), run('i0', 'exited', 0)]), 'start 0'],
  ['a failed init container is started again', plan(two, [run('i0', 'exited', 1)]), 'init 0'],
  ['a failed init container ends a pod that is never restarted', plan({ ...two, restartPolicy: 'Never' }, [run('i0', 'exited', 1)]), 'kill pod'],
  [
    'a stopped sandbox lets the init containers run again',
    plan(two, [run('app', 'running')], { sandbox: { ...sandbox, state: 'notready' } }),
    'kill pod, sandbox 1, init 0',
  ],
  ['init containers of a sandbox of before do not count', plan(two, [run('i0', 'exited', 0, 's0'), run('app', 'exited', 0, 's0')]), 'init 0'],
  ['a running app is left alone', plan({}, [run('app', 'running')]), 'nothing'],
  ['an app that ended is started again', plan({}, [run('app', 'exited', 0)]), 'start 0'],
  ['success ends it with OnFailure', plan({ restartPolicy: 'OnFailure' }, [run('app', 'exited', 0)]), 'kill pod'],
  ['failure does not', plan({ restartPolicy: 'OnFailure' }, [run('app', 'exited', 1)]), 'start 0'],
  [
    'a changed image replaces the container',
    plan({ containers: [{ name: 'app', image: 'new' }] }, [run('app', 'running')]),
    'kill (Container app definition changed, will be restarted), start 0',
  ],
  [
    'a changed init image does not touch a pod that runs',
    plan({ initContainers: [{ name: 'i0', image: 'new' }] }, [run('app', 'running'), run('i0', 'exited', 0)]),
    'nothing',
  ],
  [
    'a failed liveness probe replaces the container',
    plan(probed, [run('app', 'running')], { probes: failing }),
    'kill (Container app failed liveness probe, will be restarted), start 0',
  ],
  [
    'with Never it only ends it',
    plan({ ...probed, restartPolicy: 'Never' }, [run('app', 'running')], { probes: failing }),
    'kill pod, kill (Container app failed liveness probe)',
  ],
  ['a running sidecar lets the next init container start', plan(sidecar, [run('side', 'running')]), 'init 1'],
  ['a sidecar that ended is started again beside the app', plan(sidecar, [run('app', 'running'), run('side', 'exited', 0)]), 'init 0'],
  ['a sidecar that ended is started again while an init container after it runs', plan(sidecar, [run('i1', 'running'), run('side', 'exited', 1)]), 'init 0'],
  [
    'a sidecar that fails its liveness probe does not hold up those after it',
    plan({ initContainers: [{ ...init('side', 'Always'), livenessProbe: {} }, init('i1')] }, [run('side', 'running')], { probes: failing }),
    'kill (Init container side failed liveness probe), init 0, init 1',
  ],
  [
    'a sidecar does not keep a finished pod alive',
    plan({ ...sidecar, restartPolicy: 'Never' }, [run('app', 'exited', 0), run('i1', 'exited', 0), run('side', 'running')]),
    'kill pod',
  ],
  [
    'a pod that has finished waits for its last sidecar to be back before it ends',
    plan({ initContainers: [init('side', 'Always')], restartPolicy: 'Never' }, [run('app', 'exited', 0), run('side', 'exited', 1)]),
    'init 0',
  ],
])('%s', (_name, actual, expected) => {
  expect(actual).toBe(expected);
});
