import { pause } from './measure.ts';
import type { BenchServer } from './server.ts';
import { Watcher } from './watcher.ts';

export const deploymentsPath = '/apis/apps/v1/namespaces/default/deployments';
export const podsPath = '/api/v1/namespaces/default/pods';

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
}

/** What tutorials let containers do: wait in silence, tell the time, count. */
const loops = ['while true; do sleep 2; done', 'while true; do date; sleep 5; done', 'i=0; while :; do i=$((i+1)); echo "turn $i"; sleep 1; done'];

/** Containers that loop and sleep, a third of each kind. */
export function sleepingLoops(count: number): readonly ContainerSpec[] {
  return Array.from({ length: count }, (_, i) => shell(`loop-${i}`, loops[i % loops.length] as string));
}

export function shell(name: string, script: string): ContainerSpec {
  return { name, image: 'busybox', command: ['sh', '-c', script] };
}

/** A spec that any node takes, the control plane's too. */
export function podSpec(containers: readonly ContainerSpec[], nodeName?: string): object {
  return {
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 0,
    containers: containers.map((container) => ({ imagePullPolicy: 'IfNotPresent', ...container })),
    ...(nodeName ? { nodeName } : {}),
  };
}

export function deployment(name: string, replicas: number, containers: readonly ContainerSpec[]): object {
  const labels = { app: name };
  return { metadata: { name }, spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(containers) } } };
}

interface PodObject {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Milliseconds from sending a pod's creation until a watch shows it Ready. */
export async function createToReady({ api, target }: BenchServer, name: string, spec: object): Promise<number> {
  const { resolve, promise } = signal();
  const watcher = await Watcher.objects<PodObject>(target, `${podsPath}?watch=true&fieldSelector=metadata.name%3D${name}`, ({ status }) => {
    if (status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')) resolve();
  });
  const began = performance.now();
  await api.json('POST', podsPath, { metadata: { name }, spec });
  await promise;
  const ms = performance.now() - began;
  watcher.close();
  return ms;
}

/** Milliseconds from sending a Deployment's creation until a watch shows all its replicas ready. */
export async function deploymentToReady({ api, target }: BenchServer, name: string, replicas: number, containers: readonly ContainerSpec[]): Promise<number> {
  const { resolve, promise } = signal();
  const path = `${deploymentsPath}?watch=true&fieldSelector=metadata.name%3D${name}`;
  const watcher = await Watcher.objects<{ status?: { readyReplicas?: number } }>(target, path, ({ status }) => {
    if (status?.readyReplicas === replicas) resolve();
  });
  const began = performance.now();
  await api.json('POST', deploymentsPath, deployment(name, replicas, containers));
  await promise;
  const ms = performance.now() - began;
  watcher.close();
  return ms;
}

/** Deletes the Deployment and waits until its pods are gone. */
export async function deleteDeployment({ api }: BenchServer, name: string): Promise<void> {
  await api.json('DELETE', `${deploymentsPath}/${name}`, { propagationPolicy: 'Background' });
  while ((await api.json<{ items: unknown[] }>('GET', `${podsPath}?labelSelector=app%3D${name}&limit=1`)).items.length > 0) await pause(20);
}

/** Has every node pull busybox: pulls take simulated time, and those of one node wait for each other. */
export async function pullEverywhere(server: BenchServer): Promise<readonly string[]> {
  const { items } = await server.api.json<{ items: { metadata: { name: string } }[] }>('GET', '/api/v1/nodes');
  const nodes = items.map((node) => node.metadata.name);
  for (const node of nodes) await createToReady(server, `pull-${node}`, podSpec([shell('pull', 'sleep 3600')], node));
  for (const node of nodes) await server.api.json('DELETE', `${podsPath}/pull-${node}?gracePeriodSeconds=0`);
  return nodes;
}

function signal(): { resolve: () => void; promise: Promise<void> } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { resolve, promise };
}
