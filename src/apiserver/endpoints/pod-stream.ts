import type { Node, Pod } from '../../../generated/types/index.ts';
import type { NodeApi, PodKey } from '../../machinery/node-api.ts';
import { badRequest, failure, notFound } from '../../machinery/status-error.ts';
import type { Call } from '../call.ts';

/** The kubelet of a pod, as far as the API server knows it before it has asked there. */
export interface PodKubelet {
  readonly key: PodKey;
  /** `172.18.0.3:10250` */
  readonly address: string;
  /** The kubelet, or why it does not answer: `connection refused`. */
  readonly dialed: NodeApi | string;
}

/** Finds the kubelet of a pod (registry/core/pod strategy.go streamLocation). @throws StatusError 400, 404, 500 */
export async function kubeletOf(call: Call, pod: Readonly<Pod>): Promise<PodKubelet> {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const address = await kubeletAddress(call, nodeName);
  return { key: { namespace, name, uid }, address, dialed: call.services.dialNode(nodeName) };
}

/** What a conversation is to be handed on to. @throws StatusError 500 if it does not answer */
export function answering({ address, dialed }: PodKubelet): NodeApi {
  if (typeof dialed === 'string') throw failure(500, '', `error dialing backend: ${dialError(address, dialed)}`);
  return dialed;
}

/** How Go's network says that nobody was reached. */
export function dialError(address: string, why: string): string {
  return `dial tcp ${address}: connect: ${why}`;
}

/** Addresses by which a kubelet is asked, the best one first (kubeadm's --kubelet-preferred-address-types). */
const preferredAddresses = ['InternalIP', 'ExternalIP', 'Hostname'];

/**
 * `172.18.0.3:10250`, where a node's kubelet would answer (pkg/kubelet/client GetConnectionInfo).
 * @throws StatusError 404 for a node that is not there, named after what the request is about, as upstream; 500 for one without an address
 */
export async function kubeletAddress(call: Call, nodeName: string): Promise<string> {
  const node = (await call.services.find('', 'nodes')?.registry.find({ name: nodeName }))?.object as Readonly<Node> | undefined;
  if (!node) throw notFound({ group: '', resource: call.info.resource }, nodeName);
  const known = node.status?.addresses ?? [];
  const address = preferredAddresses.flatMap((type) => known.find((one) => one.type === type)?.address ?? [])[0];
  if (address === undefined) {
    throw failure(500, '', `no preferred addresses found; known addresses: [${known.map((one) => `{${one.type} ${one.address}}`).join(' ')}]`);
  }
  return `${address.includes(':') ? `[${address}]` : address}:${node.status?.daemonEndpoints?.kubeletEndpoint?.Port || 10250}`;
}

/** A query as Go encodes one, by name: `command=ls&command=-l&output=1`. */
export function goQuery(values: readonly (readonly [name: string, value: string])[]): string {
  const escaped = (text: string): string =>
    encodeURIComponent(text)
      .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+');
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&');
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
