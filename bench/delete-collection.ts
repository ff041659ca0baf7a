import { fill, openClients } from './support/load.ts';
import { higher, type Question, type Row, time } from './support/measure.ts';
import { configMapBody, podBody } from './support/objects.ts';
import { withUsableServer } from './support/usable.ts';

/** How many objects does one request delete in a second? */
export const deleteCollection: Question = {
  name: 'delete',
  about: 'one DELETE of 2,000 pods, and one of 2,000 config maps',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const clients = await openClients(server);
      const count = quick ? 500 : 2000;
      const rows: Row[] = [];
      for (const [plural, body] of [
        ['configmaps', configMapBody],
        ['pods', podBody],
      ] as const) {
        const path = `/api/v1/namespaces/default/${plural}`;
        await fill(server, clients, { path, body, from: 0, to: count });
        const cpuBefore = server.cpuMs();
        const ms = await time(async () => {
          await server.api.json('DELETE', `${path}?labelSelector=app%3Dbench`, { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 });
          let left = 1;
          while (left > 0) left = (await server.api.json<{ items: unknown[] }>('GET', `${path}?labelSelector=app%3Dbench&limit=1`)).items.length;
        });
        rows.push(higher(`delete ${count} ${plural} in one request`, (count * 1000) / ms, 'objects/s', { cpuMs: (server.cpuMs() - cpuBefore) / count }));
      }
      clients.close();
      return rows;
    }),
};
