import { expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../../../generated/types/index.ts';
import { admissionFixture } from '../testing/fixture.ts';

const quota = (name: string, hard: Record<string, string>, used: Record<string, string>, spec: object = {}): ResourceQuota => ({
  metadata: { namespace: 'default', name },
  spec: { hard, ...spec },
  status: { hard, used },
});
const pod = (name: string, requests?: object): Pod =>
  ({ metadata: { name }, spec: { containers: [{ name: 'c', ...(requests ? { resources: { requests } } : {}) }] } }) as Pod;

test('a quota is charged at once, and the one too many is refused', async () => {
  const { storage, run } = admissionFixture();
  storage.put('resourcequotas', quota('q', { pods: '1' }, { pods: '0' }));
  await run('CREATE', 'pods', { object: pod('dry'), dryRun: true });
  await run('CREATE', 'pods', { object: pod('a') });
  expect((storage.objects.get('resourcequotas/default/q') as ResourceQuota).status?.used).toEqual({ pods: '1' });
  await expect(run('CREATE', 'pods', { object: pod('b') })).rejects.toThrow(
    'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
  );
});

test('where compute is limited every container says what it wants', async () => {
  const { storage, run } = admissionFixture();
  storage.put('resourcequotas', quota('q', { 'requests.cpu': '1', 'limits.memory': '1Gi' }, { 'requests.cpu': '900m', 'limits.memory': '0' }));
  await expect(run('CREATE', 'pods', { object: pod('a') })).rejects.toThrow(
    'pods "a" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
  );
  storage.put('resourcequotas', quota('q', { 'requests.cpu': '1' }, { 'requests.cpu': '900m' }));
  await expect(run('CREATE', 'pods', { object: pod('a', { cpu: '200m' }) })).rejects.toThrow(
    'exceeded quota: q, requested: requests.cpu=200m, used: requests.cpu=900m, limited: requests.cpu=1',
  );
});

test('a quota nobody has counted for yet lets nothing in, one with scopes only concerns what is in them', async () => {
  const { storage, run } = admissionFixture();
  storage.put('resourcequotas', quota('q', { pods: '1' }, {}));
  await expect(run('CREATE', 'pods', { object: pod('a') })).rejects.toThrow('status unknown for quota: q, resources: pods');
  storage.put('resourcequotas', quota('q', { pods: '0' }, { pods: '0' }, { scopes: ['NotBestEffort'] }));
  await run('CREATE', 'pods', { object: pod('a') });
  await expect(run('CREATE', 'pods', { object: pod('b', { cpu: '1' }) })).rejects.toThrow('exceeded quota');
});

test('of two quotas neither is charged if one refuses', async () => {
  const { storage, run } = admissionFixture();
  storage.put('resourcequotas', quota('a', { pods: '5' }, { pods: '0' }));
  storage.put('resourcequotas', quota('b', { pods: '0' }, { pods: '0' }));
  await expect(run('CREATE', 'pods', { object: pod('x') })).rejects.toThrow('exceeded quota: b');
  expect((storage.objects.get('resourcequotas/default/a') as ResourceQuota).status?.used).toEqual({ pods: '0' });
});

test('an update is charged for what is more than before', async () => {
  const { storage, run } = admissionFixture();
  storage.put('resourcequotas', quota('q', { 'services.nodeports': '1', 'count/configmaps': '1' }, { 'services.nodeports': '0', 'count/configmaps': '1' }));
  const service = (type: string, ports: number) => ({
    metadata: { name: 's' },
    spec: { type, ports: Array.from({ length: ports }, (_, index) => ({ port: index + 1 })) },
  });
  await run('UPDATE', 'services', { object: service('NodePort', 1), oldObject: service('ClusterIP', 1) });
  await run('UPDATE', 'services', { object: service('NodePort', 1), oldObject: service('NodePort', 1) });
  await expect(run('UPDATE', 'services', { object: service('NodePort', 2), oldObject: service('NodePort', 1) })).rejects.toThrow(
    'exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
  );
  await expect(run('CREATE', 'configmaps', { object: { metadata: { name: 'x' } } })).rejects.toThrow('requested: count/configmaps=1');
});

test('a resize is charged for what is more, and refused where there is not enough', async () => {
  const { storage, run } = admissionFixture();
  const used = () => (storage.objects.get('resourcequotas/default/q') as ResourceQuota).status?.used;
  storage.put('resourcequotas', quota('q', { 'requests.cpu': '1' }, { 'requests.cpu': '500m' }));
  await run('UPDATE', 'pods/resize', { object: pod('a', { cpu: '400m' }), oldObject: pod('a', { cpu: '200m' }) });
  expect(used()).toEqual({ 'requests.cpu': '700m' });
  await expect(run('UPDATE', 'pods/resize', { object: pod('a', { cpu: '800m' }), oldObject: pod('a', { cpu: '400m' }) })).rejects.toThrow(
    'exceeded quota: q, requested: requests.cpu=400m, used: requests.cpu=700m, limited: requests.cpu=1',
  );
});
