import { expect, test } from 'vitest';
import type { PersistentVolumeClaim, Pod, RuntimeClass, StorageClass } from '../../../generated/types/index.ts';
import { makeRequest } from '../../api/certificates/testing/make-request.ts';
import { admissionFixture } from '../testing/fixture.ts';

const node = { username: 'system:node:worker', groups: ['system:nodes'] };

test('a claim gets the newest default class, unless it names one, even none', async () => {
  const { storage, run } = admissionFixture();
  const storageClass = (name: string, creationTimestamp: string): StorageClass => ({
    provisioner: 'x',
    metadata: { name, creationTimestamp, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  });
  storage.put('storageclasses', storageClass('old', '2026-01-01T00:00:00Z'));
  storage.put('storageclasses', storageClass('new', '2026-01-02T00:00:00Z'));
  const classOf = async (spec: object) =>
    ((await run('CREATE', 'persistentvolumeclaims', { object: { spec } as never })).object as PersistentVolumeClaim).spec?.storageClassName;
  expect(await classOf({})).toBe('new');
  expect(await classOf({ storageClassName: '' })).toBe('');
});

test('a claim grows only when it is bound and its class lets it', async () => {
  const { storage, run } = admissionFixture();
  const claim = (size: string, phase: string) => ({
    metadata: { name: 'd' },
    spec: { storageClassName: 'fast', resources: { requests: { storage: size } } },
    status: { phase },
  });
  const grow = (phase: string) => run('UPDATE', 'persistentvolumeclaims', { object: claim('2Gi', phase), oldObject: claim('1Gi', phase) });
  await expect(grow('Pending')).rejects.toThrow('Only bound persistent volume claims can be expanded');
  await expect(grow('Bound')).rejects.toThrow('the storageclass that provisions the pvc must support resize');
  storage.put('storageclasses', { metadata: { name: 'fast' }, provisioner: 'x', allowVolumeExpansion: true } as StorageClass);
  await grow('Bound');
});

test('a pod takes on what its runtime costs, and where it runs', async () => {
  const { storage, run } = admissionFixture();
  storage.put('runtimeclasses', {
    metadata: { name: 'gvisor' },
    handler: 'runsc',
    overhead: { podFixed: { memory: '10Mi' } },
    scheduling: { nodeSelector: { sandbox: 'yes' } },
  } as RuntimeClass);
  const pod = (spec: object): Pod => ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }], ...spec } });
  const { object } = await run('CREATE', 'pods', { object: pod({ runtimeClassName: 'gvisor' }) });
  expect((object as Pod).spec).toMatchObject({ overhead: { memory: '10Mi' }, nodeSelector: { sandbox: 'yes' } });
  await expect(run('CREATE', 'pods', { object: pod({ runtimeClassName: 'kata' }) })).rejects.toThrow(
    'pods "p" is forbidden: pod rejected: RuntimeClass "kata" not found',
  );
  await expect(run('CREATE', 'pods', { object: pod({ overhead: { cpu: '1' } }) })).rejects.toThrow('Pod Overhead set without corresponding RuntimeClass');
});

test('a kubelet is kept to its own node and pods', async () => {
  const { run } = admissionFixture();
  const other = { metadata: { name: 'other' } };
  await expect(run('UPDATE', 'nodes/status', { object: other, oldObject: other, user: node })).rejects.toThrow(
    'nodes "other" is forbidden: node "worker" is not allowed to modify node "other"',
  );
  const own = (labels: Record<string, string>) => ({ metadata: { name: 'worker', labels } });
  await expect(run('UPDATE', 'nodes', { object: own({ 'node-role.kubernetes.io/x': '' }), oldObject: own({}), user: node })).rejects.toThrow(
    'is not allowed to modify labels: node-role.kubernetes.io/x',
  );
  await run('UPDATE', 'nodes', { object: own({ 'kubernetes.io/hostname': 'worker' }), oldObject: own({}), user: node });
  const pod: Pod = { metadata: { name: 'p' }, spec: { nodeName: 'elsewhere', containers: [] } };
  await expect(run('UPDATE', 'pods/status', { object: pod, oldObject: pod, user: node })).rejects.toThrow(
    'can only update pod status for pods with spec.nodeName set to itself',
  );
});

test('nobody signs himself into the group of masters', async () => {
  const request = { spec: { signerName: 'kubernetes.io/kube-apiserver-client', request: makeRequest({ organizations: ['system:masters'] }) } };
  const { run } = admissionFixture({ signers: { allowed: async () => false } });
  const resource = { group: 'certificates.k8s.io', version: 'v1', resource: 'certificatesigningrequests' };
  await expect(run('CREATE', '', { object: request as never, resource })).rejects.toThrow('with system:masters group is not allowed');
  await expect(run('UPDATE', '/approval', { object: request as never, oldObject: request as never, resource })).rejects.toThrow(
    'user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
  );
});
