import type { Cluster } from '../../src/cluster/index.ts';

/** What a container of a pod has written so far. Rejects with the words of whoever has no log. */
export async function podLog({ env, handler }: Cluster, name: string, container = ''): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/${name}/log`;
  const user = { username: 'admin', groups: ['system:masters'] };
  const { body } = await handler({ method: 'GET', path, query: new URLSearchParams(container && { container }), headers: {}, user });
  if (body.kind === 'bytes') return String(body.bytes);
  if (body.kind === 'object') throw new Error(String((body.object() as { message?: string }).message));
  if (body.kind !== 'stream') throw new Error(`no log: ${body.kind}`);
  let text = '';
  body.start({ data: (bytes) => (text += Buffer.from(bytes).toString()), end: () => {} });
  await env.loop.settle();
  return text;
}
