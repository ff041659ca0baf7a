import type { Container, Pod, ResourceFieldSelector } from '../../generated/types/index.ts';
import { parseQuantity, quantityMilli, quantityValue } from '../machinery/quantity.ts';

/** What a downward API field reads of the node. */
export interface NodeFacts {
  readonly nodeIp: string;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The text of `fieldRef.fieldPath` (pkg/fieldpath). Throws if there is no such field. */
export function podFieldValue(pod: Readonly<Pod>, path: string, facts: { readonly podIps: readonly string[]; readonly nodeIp: string }): string {
  const subscript = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path);
  if (subscript) return pod.metadata?.[subscript[1] as 'labels' | 'annotations']?.[subscript[2] as string] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata?.name ?? '';
    case 'metadata.namespace':
      return pod.metadata?.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata?.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata?.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata?.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.nodeIp;
    case 'status.podIP':
      return facts.podIps[0] ?? '';
    case 'status.podIPs':
      return facts.podIps.join(',');
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** `key="value"` lines, by key. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key])}`)
    .join('\n');
}

/** The number of a `resourceFieldRef`, in its divisor; a limit that is not set is what the node has to give. */
export function resourceFieldValue(container: Readonly<Container>, selector: ResourceFieldSelector, facts: NodeFacts): string {
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource ?? '');
  if (!match) throw new Error(`unsupported container resource : ${selector.resource}`);
  const [, side, name] = match as unknown as [string, 'limits' | 'requests', string];
  const own = container.resources?.[side]?.[name];
  const amount = own ?? (side === 'limits' ? facts.allocatable[name] : '0') ?? '0';
  const divisor = selector.divisor === undefined || quantityIsZero(selector.divisor) ? '1' : selector.divisor;
  if (name === 'cpu') return String(Math.ceil(quantityMilli(amount) / quantityMilli(divisor)));
  return String(Math.ceil(quantityValue(amount) / quantityValue(divisor)));
}

function quantityIsZero(text: string | number): boolean {
  return (parseQuantity(text)?.nano ?? 0n) === 0n;
}
