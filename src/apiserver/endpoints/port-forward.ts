import type { Pod } from '../../../generated/types/index.ts';
import { badRequest, isStatusError } from '../../machinery/status-error.ts';
import type { Answer } from '../answers.ts';
import { textAnswer } from '../answers.ts';
import type { Call } from '../call.ts';
import type { ServedResource } from '../served-resource.ts';
import { answering, kubeletOf, offeredProtocols, requireUpgrade } from './pod-stream.ts';

/** The name of SPDY inside a WebSocket, which 1.31 and later use. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

/** pods/NAME/portforward (registry/core/pod/rest PortForwardREST). */
export async function forwardPorts(call: Call, resource: ServedResource): Promise<Answer> {
  const { namespace, name } = call.info;
  const numbers = portsOf(call.query);
  const pod = (await resource.registry.get({ namespace, name })).object as Readonly<Pod>;
  const kubelet = await kubeletOf(call, pod);
  requireUpgrade(call);
  const node = answering(kubelet);
  try {
    const protocols = offeredProtocols(call);
    const ports = protocols && !protocols.includes(tunnelProtocol) ? checkedPorts(numbers) : [];
    const connect = await node.portForward(kubelet.key);
    return { status: 101, body: { kind: 'upgrade', upgrade: { type: 'port-forward', ports, connect } } };
  } catch (error) {
    if (!isStatusError(error)) throw error;
    return textAnswer(error.code, error.message);
  }
}

/** `ports=80,443` or `ports=80&ports=443`. @throws StatusError 400 for what Go does not read as a number of 16 bits */
function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll('ports')
    .flatMap((value) => value.split(','))
    .map((text) => {
      const why = /^\d+$/.test(text) ? (Number(text) > 65_535 ? 'value out of range' : '') : 'invalid syntax';
      if (why) throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`);
      return Number(text);
    });
}

/** Over channels the ports must be known beforehand (pkg/kubelet portforward NewV4Options). */
function checkedPorts(ports: readonly number[]): readonly number[] {
  if (ports.length === 0) throw badRequest('query parameter "port" is required');
  for (const port of ports) {
    if (port < 1) throw badRequest(`port "${port}" must be > 0`);
  }
  return ports;
}
