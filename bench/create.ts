import { drive, fill, loadRow, openClients } from './support/load.ts';
import type { Question } from './support/measure.ts';
import { configMapBody, objectName, podBody } from './support/objects.ts';
import { withUsableServer } from './support/usable.ts';

const namespace = '/api/v1/namespaces/default';

/** How many objects of 2 KB does the API server create in a second? */
export const create: Question = {
  name: 'create',
  about: 'creates of pods and config maps of 2 KB, on 1 and on 16 connections',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const clients = await openClients(server);
      const warmUp = quick ? 100 : 500;
      const count = quick ? 300 : 2000;
      const kinds = [
        { plural: 'configmaps', body: configMapBody, goal: undefined },
        { plural: 'pods', body: podBody, goal: 4500 },
      ];
      const rows = [];
      for (const { plural, body, goal } of kinds) {
        const path = `${namespace}/${plural}`;
        const create = (prefix: string) => (i: number) => ({ method: 'POST', path, body: body(`${prefix}-${objectName(i)}`) });
        await drive(server, clients.sixteen, warmUp, create('warm'));
        rows.push(loadRow(`create ${plural}, 1 connection`, await drive(server, clients.one, count, create('one'))));
        rows.push(loadRow(`create ${plural}, 16 connections`, await drive(server, clients.sixteen, count, create('sixteen')), goal));
      }
      const many = quick ? 500 : 10_000;
      rows.push(
        loadRow(`${many} pods more, 16 connections`, await fill(server, clients, { path: `${namespace}/pods`, body: podBody, from: 0, to: many }), 4500),
      );
      clients.close();
      return rows;
    }),
};
