import type { Cluster } from '../../src/cluster/index.ts';

/** What a container of a pod has written so far. */
export async function podLog({ env, handler }: Cluster, name: string, container = ''): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/${name}/log`;
  const user = { username: 'admin', groups: ['system:masters'] };
  const { body } = await handler({ method: 'GET', path, query: new URLSearchParams(container && { container }), headers: {}, user });
  if (body.kind === 'bytes') return String(body.bytes);
  if (body.kind !== 'stream') throw new Error(`no log: ${body.kind === 'object' ? JSON.stringify(body.object()) : body.kind}`);
  let text = '';
  body.start({ data: (bytes) => (text += Buffer.from(bytes).toString()), end: () => {} });
  await env.loop.settle();
  return text;
}
