import { fill, openClients } from './support/load.ts';
import { latencies, lower, median, type Question, type Row, time } from './support/measure.ts';
import { podBody, tableAccept } from './support/objects.ts';
import { type RawConnection, type RawRequest, refused } from './support/raw-connection.ts';
import type { BenchServer } from './support/server.ts';
import { withUsableServer } from './support/usable.ts';

const path = '/api/v1/namespaces/default/pods';

/** How long does a list take? */
export const list: Question = {
  name: 'list',
  about: 'lists of 2,000 and 10,000 pods: full, from the cache, in pages of 500, as a Table',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const clients = await openClients(server);
      const rows: Row[] = [];
      let made = 0;
      for (const count of quick ? [300, 1000] : [2000, 10_000]) {
        await fill(server, clients, { path, body: podBody, from: made, to: count });
        made = count;
        rows.push(...(await measureLists(server, count, quick ? 5 : 11)));
      }
      clients.close();
      return rows;
    }),
};

async function measureLists(server: BenchServer, count: number, turns: number): Promise<Row[]> {
  const forms: readonly [name: string, work: () => Promise<void>, goal?: number][] = [
    ['full', () => read(server.api, { path }), count === 10_000 ? 130 : undefined],
    ['from the cache (resourceVersion=0)', () => read(server.api, { path: `${path}?resourceVersion=0` })],
    ['in pages of 500', () => readPages(server.api)],
    ['as a Table', () => read(server.api, { path, accept: tableAccept })],
  ];
  const rows: Row[] = [];
  for (const [name, work, goal] of forms) {
    await work(); // The first one makes the texts that later ones share.
    const all: number[] = [];
    const cpuBefore = server.cpuMs();
    for (let turn = 0; turn < turns; turn += 1) all.push(await time(work));
    const cpuMs = (server.cpuMs() - cpuBefore) / turns;
    rows.push(lower(`list ${count} pods, ${name}`, median(all), 'ms', { goal, cpuMs, ...latencies(all), all }));
  }
  return rows;
}

async function read(api: RawConnection, request: Omit<RawRequest, 'method'>): Promise<void> {
  const sent = { method: 'GET', ...request };
  const answer = await api.send(sent);
  if (answer.status !== 200) throw refused(sent, answer);
}

/** The token stands in the first bytes of a page, so that the rest need not be read as JSON. */
async function readPages(api: RawConnection): Promise<void> {
  let next = '';
  do {
    let head = '';
    const request = { method: 'GET', path: `${path}?limit=500&continue=${encodeURIComponent(next)}` };
    const onBody = (bytes: Buffer): void => {
      if (head.length < 1000) head += bytes.toString('latin1', 0, 1000);
    };
    const answer = await api.send(request, { onBody });
    if (answer.status !== 200) throw refused(request, answer);
    next = /"continue":"([^"]*)"/.exec(head)?.[1] ?? '';
  } while (next !== '');
}
