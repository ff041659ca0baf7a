import type { Pod } from '../../../generated/types/index.ts';
import { badRequest, isStatusError } from '../../machinery/status-error.ts';
import type { Answer } from '../answers.ts';
import { textAnswer } from '../answers.ts';
import type { Call } from '../call.ts';
import type { ServedResource } from '../served-resource.ts';
import { offeredProtocols, requireUpgrade, streamedPod } from './pod-stream.ts';

/** The name of SPDY inside a WebSocket, which 1.31 and later use. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

/** pods/NAME/portforward (registry/core/pod/rest PortForwardREST). */
export async function forwardPorts(call: Call, resource: ServedResource): Promise<Answer> {
  const { namespace, name } = call.info;
  const pod = (await resource.registry.get({ namespace, name })).object as Readonly<Pod>;
  const numbers = portsOf(call.query);
  const { node, key } = await streamedPod(call, pod);
  requireUpgrade(call);
  try {
    const protocols = offeredProtocols(call);
    const ports = protocols && !protocols.includes(tunnelProtocol) ? checkedPorts(numbers) : [];
    const connect = await node.portForward(key);
    return { status: 101, body: { kind: 'upgrade', upgrade: { type: 'port-forward', ports, connect } } };
  } catch (error) {
    if (!isStatusError(error)) throw error;
    return textAnswer(error.code, error.message);
  }
}

/** `ports=80,443` or `ports=80&ports=443`. */
function portsOf(query: URLSearchParams): number[] {
  const texts = query
    .getAll('ports')
    .flatMap((value) => value.split(','))
    .filter((text) => text !== '');
  for (const text of texts) {
    if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return texts.map(Number);
}

/** Over channels the ports must be known beforehand (pkg/kubelet portforward NewV4Options). */
function checkedPorts(ports: readonly number[]): readonly number[] {
  if (ports.length === 0) throw badRequest('query parameter "port" is required');
  for (const port of ports) {
    if (port < 0 || port > 65_535) throw badRequest(`unable to parse "${port}" as a port: strconv.ParseUint: parsing "${port}": value out of range`);
    if (port < 1) throw badRequest(`port "${port}" must be > 0`);
  }
  return ports;
}
