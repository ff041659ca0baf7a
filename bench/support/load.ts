import { higher, latencies, type Row } from './measure.ts';
import { objectName } from './objects.ts';
import { RawConnection, type RawRequest, refused } from './raw-connection.ts';
import type { BenchServer } from './server.ts';

export interface Load {
  readonly count: number;
  readonly seconds: number;
  readonly latencies: readonly number[];
  /** Of the server, per request. */
  readonly cpuMs: number;
}

/** Sends `count` requests, one at a time on each connection. Fails at the first one that is refused: such a figure would say nothing. */
export async function drive(server: BenchServer, connections: readonly RawConnection[], count: number, request: (index: number) => RawRequest): Promise<Load> {
  const latencies: number[] = [];
  let next = 0;
  const cpuBefore = server.cpuMs();
  const began = performance.now();
  const send = async (connection: RawConnection): Promise<void> => {
    while (next < count) {
      const one = request(next++);
      const answer = await connection.send(one);
      if (answer.status >= 300) throw refused(one, answer);
      latencies.push(answer.ms);
    }
  };
  await Promise.all(connections.map(send));
  return { count, seconds: (performance.now() - began) / 1000, latencies, cpuMs: (server.cpuMs() - cpuBefore) / count };
}

export function loadRow(name: string, load: Load, goal?: number): Row {
  return higher(name, load.count / load.seconds, '/s', { goal, cpuMs: load.cpuMs, ...latencies(load.latencies) });
}

/** The connection counts that are asked about: one client, and more than a server can serve at once. */
export interface Clients {
  readonly one: readonly RawConnection[];
  readonly sixteen: readonly RawConnection[];
  close(): void;
}

export async function openClients(server: BenchServer): Promise<Clients> {
  const sixteen = await RawConnection.openAll(server.target, 16);
  return {
    one: sixteen.slice(0, 1),
    sixteen,
    close: () => {
      for (const connection of sixteen) connection.close();
    },
  };
}

export interface FillPlan {
  /** The collection. */
  readonly path: string;
  readonly body: (name: string) => string;
  /** Numbers of the objects: the first, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** Creates objects as fast as can be, named by `objectName`. */
export function fill(server: BenchServer, clients: Clients, { path, body, from, to }: FillPlan): Promise<Load> {
  return drive(server, clients.sixteen, to - from, (i) => ({ method: 'POST', path, body: body(objectName(from + i)) }));
}
