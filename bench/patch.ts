import { drive, fill, loadRow, openClients } from './support/load.ts';
import type { Question } from './support/measure.ts';
import { contentTypes, objectName, podBody } from './support/objects.ts';
import type { RawRequest } from './support/raw-connection.ts';
import { withUsableServer } from './support/usable.ts';

const path = '/api/v1/namespaces/default/pods';

/** How many patches of ever other pods does the API server answer in a second? */
export const patch: Question = {
  name: 'patch',
  about: 'strategic merge, merge and apply patches of pods, on 1 and on 16 connections',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const clients = await openClients(server);
      const objects = quick ? 300 : 2000;
      const count = quick ? 300 : 3000;
      await fill(server, clients, { path, body: podBody, from: 0, to: objects });
      const kinds: Readonly<Record<string, (i: number, name: string) => Omit<RawRequest, 'method'>>> = {
        'strategic merge patch': (i, name) => ({
          path: `${path}/${name}`,
          contentType: contentTypes.strategic,
          body: JSON.stringify({
            metadata: { labels: { turn: `s${i}` } },
            spec: { containers: [{ name: 'web', image: `registry.example/bench/web:1.0.${i}` }] },
          }),
        }),
        'merge patch': (i, name) => ({
          path: `${path}/${name}`,
          contentType: contentTypes.merge,
          body: JSON.stringify({ metadata: { labels: { turn: `m${i}` } } }),
        }),
        apply: (i, name) => ({
          path: `${path}/${name}?fieldManager=bench&force=true`,
          contentType: contentTypes.apply,
          body: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { applied: `a${i}` } } }),
        }),
      };
      const rows = [];
      for (const [name, request] of Object.entries(kinds)) {
        const make = (offset: number) => (i: number) => ({ method: 'PATCH', ...request(offset + i, objectName((offset + i) % objects)) });
        await drive(server, clients.sixteen, count >> 2, make(0));
        rows.push(loadRow(`${name} of a pod, 1 connection`, await drive(server, clients.one, count >> 1, make(100_000))));
        rows.push(loadRow(`${name} of a pod, 16 connections`, await drive(server, clients.sixteen, count, make(200_000))));
      }
      clients.close();
      return rows;
    }),
};
