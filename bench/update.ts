import { type Clients, type Load, openClients } from './support/load.ts';
import { higher, latencies, type Question } from './support/measure.ts';
import { configMapBody, objectName } from './support/objects.ts';
import { type RawConnection, refused } from './support/raw-connection.ts';
import type { BenchServer } from './support/server.ts';
import { withUsableServer } from './support/usable.ts';

const path = '/api/v1/namespaces/default/configmaps';

/** How many read-modify-write rounds are done in a second, on objects of one's own and on one that all want? */
export const update: Question = {
  name: 'update',
  about: 'GET and PUT of a config map: each client its own, on 1 and 16 connections; 16 clients the same one',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      const clients = await openClients(server);
      for (const i of clients.sixteen.keys()) await server.api.json('POST', path, JSON.parse(configMapBody(objectName(i))));
      const count = quick ? 300 : 3000;
      await rounds(server, clients.sixteen, count >> 2, (i) => objectName(i));
      const own = async (connections: Clients['sixteen']) => (await rounds(server, connections, count, (i) => objectName(i))).load;
      const one = await own(clients.one);
      const sixteen = await own(clients.sixteen);
      const contended = await rounds(server, clients.sixteen, count, () => objectName(0));
      clients.close();
      const row = (name: string, load: Load) => higher(name, load.count / load.seconds, 'updates/s', { cpuMs: load.cpuMs, ...latencies(load.latencies) });
      return [
        row('update, 1 connection', one),
        row('update, 16 connections', sixteen),
        row('update of one object by 16', contended.load),
        { name: 'conflicts there', value: contended.conflicts / count, unit: 'per update', better: 'lower' },
      ];
    }),
};

/** Counts a number in an object up, as often as asked for; on a conflict the round begins again. */
async function rounds(
  server: BenchServer,
  connections: readonly RawConnection[],
  count: number,
  name: (client: number) => string,
): Promise<{ load: Load; conflicts: number }> {
  const all: number[] = [];
  let next = 0;
  let conflicts = 0;
  const cpuBefore = server.cpuMs();
  const began = performance.now();
  const client = async (connection: RawConnection, index: number): Promise<void> => {
    const own = `${path}/${name(index)}`;
    while (next < count) {
      next += 1;
      const roundBegan = performance.now();
      while (!(await countUp(connection, own))) conflicts += 1;
      all.push(performance.now() - roundBegan);
    }
  };
  await Promise.all(connections.map(client));
  return { load: { count, seconds: (performance.now() - began) / 1000, latencies: all, cpuMs: (server.cpuMs() - cpuBefore) / count }, conflicts };
}

async function countUp(connection: RawConnection, own: string): Promise<boolean> {
  const object = await connection.json<{ data: Record<string, string> }>('GET', own);
  object.data.count = String(Number(object.data.count ?? 0) + 1);
  const request = { method: 'PUT', path: own, body: JSON.stringify(object) };
  const answer = await connection.send(request);
  if (answer.status >= 300 && answer.status !== 409) throw refused(request, answer);
  return answer.status !== 409;
}
