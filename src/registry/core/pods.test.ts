import { describe, expect, test } from 'vitest';
import type { ContainerStatus, Pod } from '../../../generated/types/index.ts';
import { setPodDefaults, validatePodUpdate } from '../../api/index.ts';
import { clone, deepFreeze } from '../../machinery/deep.ts';
import { podColumns } from './pod-columns.ts';
import { podStrategy } from './pods.ts';

const now = Date.parse('2026-01-01T00:05:00Z');

function makePod(change: Partial<Pod> = {}): Pod {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'default', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [{ name: 'c', image: 'nginx:1.25' }] },
    ...change,
  };
  setPodDefaults(pod);
  return pod;
}

const status = (name: string, rest: Partial<ContainerStatus>): ContainerStatus => ({ name, image: '', imageID: '', ready: false, restartCount: 0, ...rest });
const row = (pod: Pod): unknown[] => podColumns.slice(1, 4).map((column) => column.cell(pod, now));
const running = { state: { running: {} }, ready: true, started: true };
const init = { containers: [{ name: 'c' }], initContainers: [{ name: 'i' }, { name: 'j' }] };

describe('the table of pods says', () => {
  const cases: [string, Partial<Pod>, unknown[]][] = [
    ['Pending before anything is known', { status: { phase: 'Pending' } }, ['0/1', 'Pending', '0']],
    [
      'Init:0/2 while the first of two runs',
      { spec: init, status: { phase: 'Pending', initContainerStatuses: [status('i', { state: { running: {} } })] } },
      ['0/1', 'Init:0/2', '0'],
    ],
    [
      'Init:CrashLoopBackOff with restarts and their age',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [
            status('i', {
              restartCount: 3,
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:04:35Z' } },
            }),
          ],
        },
      },
      ['0/1', 'Init:CrashLoopBackOff', '3 (25s ago)'],
    ],
    [
      'PodInitializing between the last init container and the first app container',
      {
        spec: init,
        status: {
          phase: 'Pending',
          initContainerStatuses: [status('i', { state: { terminated: { exitCode: 0 } } }), status('j', { state: { terminated: { exitCode: 0 } } })],
          containerStatuses: [status('c', { state: { waiting: { reason: 'PodInitializing' } } })],
        },
      },
      ['0/1', 'PodInitializing', '0'],
    ],
    [
      'a sidecar counts as a container',
      {
        spec: { containers: [{ name: 'c' }], initContainers: [{ name: 's', restartPolicy: 'Always' }] },
        status: { phase: 'Running', initContainerStatuses: [status('s', running)], containerStatuses: [status('c', running)] },
      },
      ['2/2', 'Running', '0'],
    ],
    [
      'Signal:9 for an end without reason',
      { status: { phase: 'Failed', containerStatuses: [status('c', { state: { terminated: { exitCode: 137, signal: 9 } } })] } },
      ['0/1', 'Signal:9', '0'],
    ],
    [
      'NotReady when one container is done and the pod is not ready',
      {
        spec: { containers: [{ name: 'c' }, { name: 'd' }] },
        status: { phase: 'Running', containerStatuses: [status('c', { state: { terminated: { exitCode: 0, reason: 'Completed' } } }), status('d', running)] },
      },
      ['1/2', 'NotReady', '0'],
    ],
    [
      'Terminating once deletion has begun',
      { metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:04:00Z' }, status: { phase: 'Running', containerStatuses: [status('c', running)] } },
      ['1/1', 'Terminating', '0'],
    ],
  ];
  for (const [name, change, want] of cases) test(name, () => expect(row(makePod(change))).toEqual(want));
});

test('the image of a running pod may change, its restart policy may not', () => {
  const previous = deepFreeze(makePod({ status: { phase: 'Running' } }));
  const next = clone(previous);
  next.spec!.containers[0]!.image = 'nginx:1.27';
  next.spec!.tolerations = [{ key: 'a', operator: 'Exists' }];
  expect(validatePodUpdate(next, previous)).toEqual([]);
  next.spec!.restartPolicy = 'Never';
  next.spec!.nodeName = 'n';
  const [mistake] = validatePodUpdate(next, previous);
  expect(mistake?.field).toBe('spec');
  expect(mistake?.detail).toBe(
    [
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
        '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      '  core.PodSpec{',
      '  \t... // 2 identical fields',
      expect.stringMatching(/^ {2}\tContainers: {20}\{\{Name: "c"/),
      '  \tEphemeralContainers:           nil,',
      '- \tRestartPolicy:                 "Always",',
      '+ \tRestartPolicy:                 "Never",',
      '  \tTerminationGracePeriodSeconds: &30,',
      '  \tActiveDeadlineSeconds:         nil,',
      '  \t... // 2 identical fields',
      '  \tServiceAccountName:           "",',
      '  \tAutomountServiceAccountToken: nil,',
      '- \tNodeName:                     "",',
      '+ \tNodeName:                     "n",',
      '  \tSecurityContext:              &{},',
      '  \tImagePullSecrets:             nil,',
      '  \t... // 20 identical fields',
      '  }',
      '',
    ]
      .map((line, i) => (typeof line === 'string' ? line : (mistake?.detail.split('\n')[i] ?? '')))
      .join('\n'),
  );
});

test('a change of images alone is refused for what is wrong with them, and for what a binding has put into a pod', () => {
  const update = (change: (pod: Pod) => void, bind?: string) => {
    const previous = makePod();
    if (bind) previous.spec!.nodeName = bind;
    const next = clone(deepFreeze(previous));
    change(next);
    return validatePodUpdate(next, previous).map(String);
  };
  const image = (text: string) => (pod: Pod) => {
    pod.spec!.containers[0]!.image = text;
  };
  const at = 'spec.containers[0].image';
  expect(update(image('nginx:1.27'))).toEqual([]);
  expect(update(image(''))).toEqual([`${at}: Required value`, `${at}: Required value`]);
  expect(update(image(' x'))).toContain(`${at}: Invalid value: " x": must not have leading or trailing whitespace`);
  expect(update(image('nginx:1.27'), 'node-1')).toEqual([]);
  expect(update(image('nginx:1.27'), 'No Name')[0]).toMatch(/^spec\.nodeName: Invalid value: "No Name"/);
  expect(
    update((pod) => {
      pod.metadata!.labels = { 'a b': 'c' };
    })[0],
  ).toMatch(/^metadata\.labels: Invalid value: "a b"/);
});

test('a pod without a node goes at once, a bound one has its grace period', () => {
  const bound = (spec: object): Pod => makePod({ spec: { containers: [], ...spec } });
  expect(podStrategy.gracePeriod?.(bound({}), undefined)).toEqual({ seconds: 0 });
  expect(podStrategy.gracePeriod?.(bound({ nodeName: 'n' }), undefined)).toEqual({ seconds: 30 });
  expect(podStrategy.gracePeriod?.(bound({ nodeName: 'n' }), 5)).toEqual({ seconds: 5 });
});

describe('a pod held by gates', () => {
  const term = (...keys: string[]) => ({ matchExpressions: keys.map((key) => ({ key, operator: 'Exists' })) });
  const gated = (keys: string[] | undefined, nodeSelector?: Record<string, string>): Pod =>
    makePod({
      spec: {
        containers: [{ name: 'c', image: 'nginx:1.25' }],
        schedulingGates: [{ name: 'example.com/wait' }],
        ...(nodeSelector ? { nodeSelector } : {}),
        ...(keys ? { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(...keys)] } } } } : {}),
      },
    });
  const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  const wrong = (next: Pod, previous: Pod): string[] => validatePodUpdate(next, deepFreeze(previous)).map(({ field, detail }) => `${field}: ${detail}`);

  test('may ask more of its node, and not less', () => {
    expect(wrong(gated(['a']), gated(undefined))).toEqual([]);
    expect(wrong(gated(['a', 'b']), gated(['a']))).toEqual([]);
    expect(wrong(gated(['b', 'a']), gated(['a']))).toEqual([`${at}[0]: only additions are allowed (no mutations or deletions)`]);
    expect(wrong(gated(undefined), gated(['a']))).toEqual([`${at}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`]);
    expect(wrong(gated(undefined, { a: 'b', c: 'd' }), gated(undefined, { a: 'b' }))).toEqual([]);
    expect(wrong(gated(undefined, { c: 'd' }), gated(undefined, { a: 'b' }))).toEqual([
      'spec.nodeSelector: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ]);
  });
});

test('a probe or a source that is empty is one more than there was', () => {
  const next = makePod();
  next.spec!.containers[0]!.livenessProbe = { exec: {}, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  expect(validatePodUpdate(next, deepFreeze(makePod())).map((one) => one.field)).toEqual(['spec.containers[0].livenessProbe.exec.command', 'spec']);
});

test('a new pod has at least a second to end, affinities with its own labels, and since when it is held', () => {
  const spec: Pod['spec'] = {
    containers: [{ name: 'c', image: 'nginx:1.25' }],
    terminationGracePeriodSeconds: -1,
    schedulingGates: [{ name: 'example.com/wait' }],
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['v'] }],
      },
    },
  };
  const pod = makePod({ metadata: { name: 'p', labels: { v: '1' } }, spec });
  const context = { user: { username: 'admin', groups: [] }, now, dryRun: false, warn() {} };
  podStrategy.prepareForCreate!(pod, context);
  podStrategy.prepareForCreate!(pod, context); // With another name, as generateName has it.
  expect(pod.spec!.terminationGracePeriodSeconds).toBe(1);
  const [term] = pod.spec!.affinity!.podAffinity!.requiredDuringSchedulingIgnoredDuringExecution!;
  expect(term!.labelSelector!.matchExpressions).toEqual([{ key: 'v', operator: 'In', values: ['1'] }]);
  expect(pod.status!.conditions![0]!.lastTransitionTime).toBe('2026-01-01T00:05:00Z');
});

test('a kubelet cannot report what stands behind gates that are off', () => {
  const previous = makePod();
  const next = clone(previous);
  next.status = { observedGeneration: 3, conditions: [{ type: 'Ready', status: 'True', observedGeneration: 3 }], resourceClaimStatuses: [{ name: 'r' }] };
  podStrategy.status!.prepareForUpdate(next, previous, { user: { username: 'kubelet', groups: [] }, now, dryRun: false, warn() {} });
  expect(next.status).toEqual({ conditions: [{ type: 'Ready', status: 'True' }], qosClass: 'BestEffort' });
});
