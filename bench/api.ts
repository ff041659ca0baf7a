import type { Question } from './support/measure.ts';
import { median, rate } from './support/measure.ts';
import { startBenchServer } from './support/server.ts';

/** How many requests does the API server answer, over TLS, on kept-alive connections? */
export const api: Question = {
  name: 'api',
  about: 'create, get, list and watch of config maps of 2 KB',
  async run({ quick }) {
    const server = await startBenchServer();
    const client = server.api;
    const count = quick ? 1000 : 4000;
    const base = '/api/v1/namespaces/default/configmaps';
    const data = { text: 'x'.repeat(2000) };
    const created = await rate(count, 16, (i) => client.json('POST', base, { metadata: { name: `bench-${i}` }, data }));
    const got = await rate(count * 2, 16, (i) => client.text('GET', `${base}/bench-${i % count}`));
    const patched = await rate(count, 16, (i) => client.json('PATCH', `${base}/bench-${i}`, { data: { patched: String(i) } }, 'application/merge-patch+json'));
    const lists: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const began = performance.now();
      await client.text('GET', base);
      lists.push(performance.now() - began);
    }
    const updated = await rate(count, 16, (i) => client.json('PUT', `${base}/bench-${i}`, { metadata: { name: `bench-${i}` }, data }));
    const table = await time(() => client.text('GET', base, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }));
    const paged = await time(() => pages(client, base));
    const fanOut = await watchFanOut(client, base, quick ? 20 : 100);
    const full = server.residentMib();
    const deleted = await time(() => client.text('DELETE', base));
    client.close();
    await server.stop();
    return [
      { name: 'create, 16 at once', value: created, unit: '/s' },
      { name: 'get, 16 at once', value: got, unit: '/s' },
      { name: 'merge patch, 16 at once', value: patched, unit: '/s' },
      { name: 'update, 16 at once', value: updated, unit: '/s' },
      { name: `list of ${count}`, value: median(lists), unit: 'ms', all: lists },
      { name: `list of ${count} as a table`, value: table, unit: 'ms' },
      { name: `list of ${count} in pages of 500`, value: paged, unit: 'ms' },
      { name: `delete of ${count} in one request`, value: deleted, unit: 'ms' },
      { name: `resident memory with ${count} config maps`, value: full, unit: 'MiB' },
      { name: `write to the last of ${quick ? 20 : 100} watchers`, value: median(fanOut), unit: 'ms', all: fanOut },
    ];
  },
};

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function pages(client: { json<T>(method: string, path: string): Promise<T> }, base: string): Promise<void> {
  let next: string | undefined = '';
  while (next !== undefined) {
    const page: { metadata: { continue?: string } } = await client.json('GET', `${base}?limit=500&continue=${encodeURIComponent(next)}`);
    next = page.metadata.continue;
  }
}

async function watchFanOut(client: Awaited<ReturnType<typeof startBenchServer>>['api'], base: string, watchers: number): Promise<number[]> {
  let waiting = 0;
  let all = () => {};
  const stops = await Promise.all(
    Array.from({ length: watchers }, () =>
      client.watch(`${base}?watch=true&fieldSelector=metadata.name%3Dfan-out&resourceVersion=0`, () => {
        waiting -= 1;
        if (waiting === 0) all();
      }),
    ),
  );
  const took: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const reached = new Promise<void>((resolve) => {
      all = resolve;
    });
    waiting = watchers;
    const began = performance.now();
    if (i === 0) await client.json('POST', base, { metadata: { name: 'fan-out' } });
    else await client.json('PATCH', `${base}/fan-out`, { data: { turn: String(i) } }, 'application/merge-patch+json');
    await reached;
    took.push(performance.now() - began);
  }
  for (const stop of stops) stop();
  return took;
}
