import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const admin = { username: 'admin', groups: ['system:masters'] };

test('a changed config map reaches the files of a running pod within a minute, but neither its subPath nor its environment', async () => {
  const { env, handler } = await simulatedCluster({ nodes: 2 });
  const client = createClient(handler, admin, { userAgent: 'test' });
  await client.configMaps.create({ metadata: { name: 'settings', namespace: 'default' }, data: { color: 'red' } });
  const configMapKeyRef = { name: 'settings', key: 'color' };
  await client.pods.create({
    metadata: { name: 'reader', namespace: 'default' },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', 'while true; do echo $(cat /whole/color) $(cat /single) $COLOR; sleep 10; done'],
          env: [{ name: 'COLOR', valueFrom: { configMapKeyRef } }],
          volumeMounts: [
            { name: 'settings', mountPath: '/whole' },
            { name: 'settings', mountPath: '/single', subPath: 'color' },
          ],
        },
      ],
      volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
    },
  });
  await env.loop.advance(100_000);
  const lastLine = async (): Promise<string> => {
    const path = '/api/v1/namespaces/default/pods/reader/log';
    const { body } = await handler({ method: 'GET', path, query: new URLSearchParams('tailLines=1'), headers: {}, user: admin });
    if (body.kind === 'bytes') return String(body.bytes);
    if (body.kind !== 'stream') throw new Error(body.kind);
    let text = '';
    body.start({ data: (bytes) => (text += Buffer.from(bytes).toString()), end: () => {} });
    await env.loop.settle();
    return text;
  };
  expect(await lastLine()).toBe('red red red\n');
  await client.configMaps.patch({ namespace: 'default', name: 'settings' }, 'merge', { data: { color: 'blue' } });
  await env.loop.advance(70_000);
  expect(await lastLine()).toBe('blue red red\n');
});

test('a running pod shows the fields that a 1.33 server with its usual gates shows', async () => {
  const { env, handler } = await simulatedCluster({ nodes: 2 });
  const client = createClient(handler, admin, { userAgent: 'test' });
  const resources = { requests: { cpu: '100m', memory: '32Mi' }, limits: { memory: '64Mi' } };
  await client.pods.create({ metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'nginx', resources }] } });
  await env.loop.advance(30_000);
  const { metadata, status } = await client.pods.get({ namespace: 'default', name: 'web' });
  expect(metadata?.generation).toBe(1);
  expect(Object.keys(status ?? {}).sort()).toEqual([
    'conditions',
    'containerStatuses',
    'hostIP',
    'hostIPs',
    'phase',
    'podIP',
    'podIPs',
    'qosClass',
    'startTime',
  ]);
  expect(status?.conditions?.map(({ type, status: value, lastProbeTime }) => [type, value, lastProbeTime])).toEqual(
    ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => [type, 'True', null]),
  );
  const [container] = status?.containerStatuses ?? [];
  expect(container).toMatchObject({
    name: 'c',
    ready: true,
    started: true,
    restartCount: 0,
    lastState: {},
    image: 'docker.io/library/nginx:latest',
    allocatedResources: resources.requests,
    resources,
    user: { linux: { uid: 0, gid: 0, supplementalGroups: [0] } },
    volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true, recursiveReadOnly: 'Disabled' }],
  });
  expect(container?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
  expect(container?.imageID).toMatch(/^docker.io\/library\/nginx@sha256:[0-9a-f]{64}$/);
});
