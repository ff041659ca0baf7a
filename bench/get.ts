import { drive, fill, loadRow, openClients } from './support/load.ts';
import type { Question } from './support/measure.ts';
import { objectName, podBody } from './support/objects.ts';
import { withUsableServer } from './support/usable.ts';

const path = '/api/v1/namespaces/default/pods';

/** How many reads of one pod does the API server answer in a second? */
export const get: Question = {
  name: 'get',
  about: 'reads of one pod of 2 KB, on 1 and on 16 connections',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const clients = await openClients(server);
      const objects = quick ? 300 : 2000;
      const count = quick ? 3000 : 20_000;
      await fill(server, clients, { path, body: podBody, from: 0, to: objects });
      const get = (i: number) => ({ method: 'GET', path: `${path}/${objectName(i % objects)}` });
      await drive(server, clients.sixteen, count >> 2, get);
      const rows = [
        loadRow('get a pod, 1 connection', await drive(server, clients.one, count >> 1, get)),
        loadRow('get a pod, 16 connections', await drive(server, clients.sixteen, count, get), 16_000),
      ];
      clients.close();
      return rows;
    }),
};
