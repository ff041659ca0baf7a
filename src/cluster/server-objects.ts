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

/** A client of the API server itself that names a part of it, which becomes the manager of the fields it writes. */
export type ClientAs = (component: string) => Client;

/** Upstream's names of those who keep the configuration of priority and fairness: one writes it, one says how it fares. */
export const fairnessParts = { producer: 'api-priority-and-fairness-config-producer-v1', consumer: 'api-priority-and-fairness-config-consumer-v1' } as const;

/** What kube-apiserver's start hooks create: priority classes, priority levels and flow schemas, API services, the range of service addresses. */
export async function createServerObjects(clientAs: ClientAs, strategies: readonly Strategy[], serviceCidr: string, now: number): Promise<void> {
  const time = formatTime(now);
  const [client, producer, consumer] = [clientAs('kube-apiserver'), clientAs(fairnessParts.producer), clientAs(fairnessParts.consumer)];
  for (const one of systemPriorityClasses) await client.resource(refs.priorityClasses).create(structuredClone(one));
  for (const one of priorityLevels()) await producer.resource(priorityLevelRef).create(one);
  for (const one of flowSchemas(time)) {
    await producer.resource(flowSchemaRef).create(one);
    await applyStatus(consumer, flowSchemaRef, fairnessParts.consumer, one);
  }
  for (const one of localApiServices(servedVersions(strategies))) await client.resource(apiServices).create(one);
  const condition = { type: 'Ready', status: 'True', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: time };
  const kubernetes = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'kubernetes' } };
  await client.resource(refs.serviceCidrs).create({ ...kubernetes, spec: { cidrs: [serviceCidr] } } as KubeObject);
  await applyStatus(client, refs.serviceCidrs, serviceCidrManager, { ...kubernetes, status: { conditions: [condition] } } as KubeObject);
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

/** Says so of the range that the server was started with (pkg/controlplane/controller/defaultservicecidr). */
export const serviceCidrManager = 'kubernetes-service-cidr-controller';

/** Writes a status by server-side apply, as upstream's controllers inside the API server do: `manager` owns what `object` says of it, and nothing else. */
export async function applyStatus(client: Client, ref: ResourceRef, manager: string, object: KubeObject & { status?: unknown }): Promise<void> {
  await client.resource(ref).apply({ name: object.metadata?.name ?? '' }, manager, { status: object.status }, 'status');
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
