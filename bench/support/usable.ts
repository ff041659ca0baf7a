import { pause } from './measure.ts';
import type { RawConnection } from './raw-connection.ts';
import { type BenchServer, withServer } from './server.ts';

interface Listed {
  readonly items: readonly {
    readonly status?: { readonly phase?: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Waits until all nodes are Ready, coredns runs and pods can be made. */
export async function untilUsable({ api }: BenchServer): Promise<void> {
  while (!(await isUsable(api))) await pause(10);
}

/** Runs `measure` with a server of its own that is usable. */
export function withUsableServer<T>(args: readonly string[], measure: (server: BenchServer) => Promise<T>): Promise<T> {
  return withServer(args, async (server) => {
    await untilUsable(server);
    return measure(server);
  });
}

async function isUsable(api: RawConnection): Promise<boolean> {
  const nodes = await api.json<Listed>('GET', '/api/v1/nodes');
  if (nodes.items.length === 0 || !nodes.items.every(isReady)) return false;
  const account = await api.send({ method: 'GET', path: '/api/v1/namespaces/default/serviceaccounts/default' });
  if (account.status !== 200) return false;
  const dns = await api.json<Listed>('GET', '/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns');
  return dns.items.length === 2 && dns.items.every((pod) => pod.status?.phase === 'Running' && isReady(pod));
}

function isReady(object: Listed['items'][number]): boolean {
  return object.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
}
