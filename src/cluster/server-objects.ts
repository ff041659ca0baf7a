import { systemPriorityClasses } from '../api/index.ts';
import { flowSchemas, localApiServices, priorityLevels } from '../apiserver/bootstrap/index.ts';
import type { Client, ResourceRef } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { UserInfo } from '../machinery/handler.ts';
import { formatTime } from '../machinery/time.ts';
import type { KubeObject } from '../machinery/types.ts';
import { componentStatuses } from '../registry/core/index.ts';
import type { ResourceRegistry } from '../registry/generic/resource-registry.ts';
import type { Strategy } from '../registry/generic/strategy.ts';

const ref = (group: string, kind: string, resource: string): ResourceRef => ({ group, version: 'v1', kind, resource, namespaced: false });
const apiServices = ref('apiregistration.k8s.io', 'APIService', 'apiservices');
export const priorityLevelRef = ref('flowcontrol.apiserver.k8s.io', 'PriorityLevelConfiguration', 'prioritylevelconfigurations');
export const flowSchemaRef = ref('flowcontrol.apiserver.k8s.io', 'FlowSchema', 'flowschemas');

/** What kube-apiserver's start hooks create: priority classes, priority levels and flow schemas, API services, the range of service addresses. */
export async function createServerObjects(client: Client, strategies: readonly Strategy[], serviceCidr: string, now: number): Promise<void> {
  const time = formatTime(now);
  for (const one of systemPriorityClasses) await client.resource(refs.priorityClasses).create(structuredClone(one));
  for (const one of priorityLevels()) await client.resource(priorityLevelRef).create(one);
  for (const one of flowSchemas(time)) await createWithStatus(client, flowSchemaRef, one);
  for (const one of localApiServices(servedVersions(strategies))) await client.resource(apiServices).create(one);
  const condition = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: time };
  const kubernetes = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'kubernetes' } };
  await createWithStatus(client, refs.serviceCidrs, { ...kubernetes, spec: { cidrs: [serviceCidr] }, status: { conditions: [condition] } } as KubeObject);
}

/** Objects that nobody may create, not even this server's own client: they go straight to their registry. */
export async function createReadOnlyObjects(
  registry: ResourceRegistry | undefined,
  user: UserInfo,
  now: number,
  absent: readonly string[] = [],
): Promise<void> {
  const context = { user, now, dryRun: false, warn() {} };
  for (const one of componentStatuses(absent)) await registry?.create(undefined, one, context);
}

async function createWithStatus(client: Client, resource: ResourceRef, object: KubeObject & { status?: unknown }): Promise<void> {
  const { status } = object;
  const created = await client.resource(resource).create(object);
  await client.resource(resource).updateStatus({ ...created, status } as KubeObject);
}

function servedVersions(strategies: readonly Strategy[]): { group: string; version: string }[] {
  return strategies.flatMap(({ resource, alsoServedAs = [] }) => [resource, ...alsoServedAs.map((one) => one.resource)]);
}

/** Resources that may own and be owned, those that a namespace is emptied of first in front. */
export function ownableResources(first: readonly ResourceRef[], strategies: readonly Strategy[]): readonly ResourceRef[] {
  const known = new Set(first.map(({ group, resource }) => `${group}/${resource}`));
  const others = strategies
    .filter(({ resource: { verbs } }) => !verbs || verbs.includes('watch'))
    .map(({ resource: { group, version, kind, plural, namespaced } }) => ({ group, version, kind, resource: plural, namespaced }))
    // A namespace and its controller look after themselves.
    .filter((one) => !known.has(`${one.group}/${one.resource}`) && one.kind !== 'Namespace');
  return [...first, ...others];
}
