import { expect, test } from 'vitest';
import type { ResourceRef } from '../../src/client/index.ts';
import { refs } from '../../src/client/index.ts';
import { flowSchemaRef, priorityLevelRef } from '../../src/cluster/server-objects.ts';
import type { KubeObject } from '../../src/machinery/types.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

async function startedServer() {
  const cluster = await simulatedCluster({ nodes: 0, components: ['api'] });
  const read = async (ref: ResourceRef, name: string, namespace?: string) => {
    const object = await cluster.admin.resource(ref).get(namespace ? { namespace, name } : { name });
    return object as KubeObject & { spec: Record<string, unknown> };
  };
  const managers = async (...key: Parameters<typeof read>) =>
    ((await read(...key)).metadata?.managedFields ?? []).map(({ manager, operation, subresource = '' }) => `${manager} ${operation} ${subresource}`.trim());
  return { cluster, read, managers };
}

test('what the API server makes by itself belongs to the parts of it that upstream names', async () => {
  const { cluster, managers } = await startedServer();
  const producer = 'api-priority-and-fairness-config-producer-v1 Update';
  const applied = 'api-priority-and-fairness-config-consumer-v1 Apply status';
  expect(await managers(refs.namespaces, 'kube-system')).toEqual(['kube-apiserver Update']);
  expect(await managers(refs.services, 'kubernetes', 'default')).toEqual(['kube-apiserver Update']);
  expect(await managers(priorityLevelRef, 'exempt')).toEqual([producer]);
  expect(await managers(flowSchemaRef, 'probes')).toEqual([applied, producer]);
  expect(await managers(refs.serviceCidrs, 'kubernetes')).toEqual(['kubernetes-service-cidr-controller Apply status', 'kube-apiserver Update']);
  await cluster.stop();
});

test('objects of the server that are made again belong to the same parts', async () => {
  const { cluster, managers } = await startedServer();
  await cluster.admin.resource(flowSchemaRef).delete({ name: 'probes' });
  await cluster.admin.resource(refs.serviceCidrs).delete({ name: 'kubernetes' });
  await cluster.env.loop.advance(60_000);
  expect(await managers(flowSchemaRef, 'probes')).toEqual([
    'api-priority-and-fairness-config-consumer-v1 Apply status',
    'api-priority-and-fairness-config-producer-v1 Update',
  ]);
  expect(await managers(refs.serviceCidrs, 'kubernetes')).toEqual(['kubernetes-service-cidr-controller Apply status', 'kube-apiserver Update']);
  await cluster.stop();
});

test('elections by Endpoints and ConfigMaps have their flow too, and a Service its address without a group', async () => {
  const { cluster, read } = await startedServer();
  expect((await read(flowSchemaRef, 'workload-leader-election')).spec.rules).toMatchObject([
    {
      resourceRules: [
        { apiGroups: [''], resources: ['endpoints', 'configmaps'] },
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
      ],
    },
  ]);
  await cluster.env.loop.settle();
  expect((await read(refs.ipAddresses, '10.96.0.1')).spec.parentRef).toEqual({ resource: 'services', namespace: 'default', name: 'kubernetes' });
  await cluster.stop();
});
