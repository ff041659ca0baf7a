import type { Node, Pod } from '../../../generated/types/index.ts';
import type { NodeApi, PodKey } from '../../machinery/node-api.ts';
import { badRequest, failure } from '../../machinery/status-error.ts';
import type { Call } from '../call.ts';

/** A pod that has a node, and the kubelet there. */
export interface StreamedPod {
  readonly key: PodKey;
  readonly node: NodeApi;
}

/** Finds the kubelet of a pod (registry/core/pod strategy.go streamLocation). @throws StatusError 400, 404, 500 */
export async function streamedPod(call: Call, pod: Readonly<Pod>): Promise<StreamedPod> {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const node = call.services.dialNode(nodeName);
  if (typeof node === 'string') throw failure(500, '', `error dialing backend: dial tcp ${await kubeletAddress(call, nodeName)}: connect: ${node}`);
  return { key: { namespace, name, uid }, node };
}

/** `172.18.0.3:10250`, where a node's kubelet would answer. @throws StatusError 404 for a node that is not there */
export async function kubeletAddress(call: Call, nodeName: string): Promise<string> {
  const node = (await call.services.find('', 'nodes')?.registry.find({ name: nodeName }))?.object as Readonly<Node> | undefined;
  if (!node) throw failure(404, 'NotFound', `nodes "${nodeName}" not found`, { name: nodeName, kind: 'nodes' });
  const address = node.status?.addresses?.find((one) => one.type === 'InternalIP')?.address ?? nodeName;
  return `${address}:${node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250}`;
}

/** @throws StatusError 400 for a request that stays with HTTP */
export function requireUpgrade({ request: { headers } }: Call): void {
  if (!headers.connection?.toLowerCase().includes('upgrade')) throw badRequest('Upgrade request required');
}

/** The subprotocols that a WebSocket client offers; undefined if it is none. */
export function offeredProtocols({ request: { headers } }: Call): readonly string[] | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
}
