import { expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../../generated/types/index.ts';
import { builtInPlugins } from '../admission/plugins/index.ts';
import { testServer } from '../apiserver/testing/test-server.ts';
import { createClient, InformerFactory, refs } from '../client/index.ts';
import { startControllers } from './index.ts';

const user = { username: 'test', groups: ['system:masters'] };

/** An API server with every plugin, and the quota controller. */
async function world() {
  const ids = { uid: () => '', nameSuffix: () => 'abcde', containerId: () => '' };
  const server = testServer({ admissionPlugins: (reader, writer) => builtInPlugins({ reader, writer, ids }) });
  const client = createClient(server.handler, user);
  const informers = new InformerFactory(client, server.env);
  const resources = [refs.pods, refs.services, refs.configMaps, refs.resourceQuotas];
  startControllers({
    env: server.env,
    informers,
    clientFor: () => client,
    rootCa: '',
    clusterCidr: '10.244.0.0/16',
    resources,
    only: ['resourcequota-controller'],
  });
  informers.start();
  await client.namespaces.create({ metadata: { name: 'default' } });
  await client.serviceAccounts.create({ metadata: { namespace: 'default', name: 'default' } });
  const quotas = client.resource<ResourceQuota>(refs.resourceQuotas);
  const key = { namespace: 'default', name: 'q' };
  return {
    env: server.env,
    client,
    quotas,
    key,
    settle: () => server.env.loop.settle(),
    used: async () => (await quotas.get(key)).status?.used,
  };
}

const pod = (name: string, cpu?: string): Pod => ({
  metadata: { namespace: 'default', name },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'nginx', ...(cpu ? { resources: { requests: { cpu } } } : {}) }] },
});

test('a new quota is counted, charged as pods come, and given back as they go', async () => {
  const { client, quotas, key, settle, used } = await world();
  await client.pods.create(pod('a', '300m'));
  await quotas.create({ metadata: key, spec: { hard: { pods: '2', 'requests.cpu': '1', 'count/configmaps': '1' } } });
  await settle();
  expect((await quotas.get(key)).status).toEqual({
    hard: { 'count/configmaps': '1', pods: '2', 'requests.cpu': '1' },
    used: { 'count/configmaps': '0', pods: '1', 'requests.cpu': '300m' },
  });
  await client.pods.create(pod('b', '600m'));
  expect(await used()).toEqual({ 'count/configmaps': '0', pods: '2', 'requests.cpu': '900m' });
  const owners = (await quotas.get(key)).metadata?.managedFields?.filter((one) => one.manager === 'kube-apiserver');
  expect(owners).toMatchObject([
    { operation: 'Update', subresource: 'status', fieldsV1: { 'f:status': { 'f:used': { 'f:pods': {}, 'f:requests.cpu': {} } } } },
  ]);
  await expect(client.pods.create(pod('c', '50m'))).rejects.toThrow(
    'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
  );
  await client.pods.delete({ namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
  await settle();
  expect(await used()).toEqual({ 'count/configmaps': '0', pods: '1', 'requests.cpu': '600m' });
});

test('what was charged for and then not stored is given back by the next count', async () => {
  const { client, env, quotas, key, settle, used } = await world();
  await quotas.create({ metadata: key, spec: { hard: { 'count/configmaps': '5' } } });
  await settle();
  await client.configMaps.create({ metadata: { namespace: 'default', name: 'a' } });
  await expect(client.configMaps.create({ metadata: { namespace: 'default', name: 'a' } })).rejects.toThrow('already exists');
  expect(await used()).toEqual({ 'count/configmaps': '2' });
  await env.loop.advance(300_000);
  expect(await used()).toEqual({ 'count/configmaps': '1' });
});

test('a pod that has ended frees its compute, and a changed quota is counted anew', async () => {
  const { client, quotas, key, settle, used } = await world();
  await quotas.create({ metadata: key, spec: { hard: { pods: '2', 'count/pods': '9' } } });
  await settle();
  const made = await client.pods.create(pod('a'));
  await client.pods.updateStatus({ ...made, status: { phase: 'Succeeded' } });
  await settle();
  expect(await used()).toEqual({ pods: '0', 'count/pods': '1' });
  await quotas.patch(key, 'merge', { spec: { hard: { services: '3' } } });
  await settle();
  expect((await quotas.get(key)).status?.hard).toEqual({ 'count/pods': '9', pods: '2', services: '3' });
  expect(await used()).toEqual({ 'count/pods': '1', pods: '0', services: '0' });
});
