import { expect, test } from 'vitest';
import type { FlowSchema, PriorityLevelConfiguration } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const ref = (kind: string, resource: string) => ({ group: 'flowcontrol.apiserver.k8s.io', version: 'v1', kind, resource, namespaced: false });
const schemas = ({ admin }: Cluster) => admin.resource<FlowSchema>(ref('FlowSchema', 'flowschemas'));
const levels = ({ admin }: Cluster) => admin.resource<PriorityLevelConfiguration>(ref('PriorityLevelConfiguration', 'prioritylevelconfigurations'));
const limited = (name: string): PriorityLevelConfiguration => ({
  metadata: { name },
  spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } },
});

test('the status of a flow schema says whether its priority level is there, and follows it', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { env } = cluster;
  const condition = async () => (await schemas(cluster).get({ name: 'mine' })).status?.conditions?.[0];
  const about = 'This FlowSchema references the PriorityLevelConfiguration object named "narrow"';
  await schemas(cluster).create({ metadata: { name: 'mine' }, spec: { matchingPrecedence: 700, priorityLevelConfiguration: { name: 'narrow' } } });
  await env.loop.settle();
  expect(await condition()).toMatchObject({ type: 'Dangling', status: 'True', reason: 'NotFound', message: `${about} but there is no such object` });
  await levels(cluster).create(limited('narrow'));
  await env.loop.settle();
  expect(await condition()).toMatchObject({ status: 'False', reason: 'Found', message: `${about} and it exists` });
  await levels(cluster).delete({ name: 'narrow' });
  await env.loop.settle();
  expect(await condition()).toMatchObject({ status: 'True' });
  await cluster.stop();
});

test('where somebody else insists on another status, the server writes six times a minute and then waits', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { env } = cluster;
  const spoil = async () => {
    const schema = await schemas(cluster).get({ name: 'probes' });
    await schemas(cluster).updateStatus({ ...schema, status: {} });
    await env.loop.settle();
    return (await schemas(cluster).get({ name: 'probes' })).status?.conditions?.length ?? 0;
  };
  const mended: number[] = [];
  for (let times = 0; times < 8; times += 1) mended.push(await spoil());
  expect(mended).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  await env.loop.advance(140_000);
  expect((await schemas(cluster).get({ name: 'probes' })).status?.conditions).toHaveLength(1);
  await cluster.stop();
});
