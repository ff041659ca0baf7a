import { fill, openClients } from './support/load.ts';
import { lower, pause, type Question } from './support/measure.ts';
import { podBody, tableAccept } from './support/objects.ts';
import { withUsableServer } from './support/usable.ts';

const path = '/api/v1/namespaces/default/pods';

/** What do 10,000 pods take, and what is left of it when they are gone? */
export const memory: Question = {
  name: 'memory',
  about: 'resident memory: idle, with 10,000 pods, after lists of them, after they are deleted',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const settleMs = quick ? 500 : 5000;
      const resident = async (): Promise<number> => {
        await pause(settleMs);
        return server.residentMib();
      };
      const idle = await resident();
      const count = quick ? 2000 : 10_000;
      const clients = await openClients(server);
      await fill(server, clients, { path, body: podBody, from: 0, to: count });
      const full = await resident();
      for (const accept of ['application/json', tableAccept]) await server.api.send({ method: 'GET', path, accept });
      const listed = await resident();
      await server.api.json('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 });
      const deleted = await resident();
      clients.close();
      return [
        lower('resident memory, idle', idle, 'MiB', { goal: 90 }),
        lower(`with ${count} pods`, full, 'MiB', { goal: count === 10_000 ? 300 : undefined }),
        lower('after they were listed, in full and as a Table', listed, 'MiB'),
        lower('after they were deleted', deleted, 'MiB'),
      ];
    }),
};
