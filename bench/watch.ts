import { cpuMs } from './support/machine.ts';
import { higher, latencies, lower, median, type Question, type Row } from './support/measure.ts';
import { contentTypes, podBody } from './support/objects.ts';
import { refused } from './support/raw-connection.ts';
import type { BenchServer } from './support/server.ts';
import { withUsableServer } from './support/usable.ts';
import { Watcher } from './support/watcher.ts';

const path = '/api/v1/namespaces/default/pods';
const name = 'watched';
/** Connections that are opened at once. */
const openedTogether = 50;

/** How soon do all watchers have an event? */
export const watch: Question = {
  name: 'watch',
  about: 'one write reaches 1, 100 and 1,000 watchers; events a second in a burst',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      await server.api.json('POST', path, JSON.parse(podBody(name)));
      const rows: Row[] = [];
      for (const watchers of quick ? [1, 100, 300] : [1, 100, 1000]) rows.push(...(await fanOut(server, watchers, quick ? 20 : 100)));
      return rows;
    }),
};

async function fanOut(server: BenchServer, count: number, writes: number): Promise<Row[]> {
  const { metadata } = await server.api.json<{ metadata: { resourceVersion: string } }>('GET', `${path}?limit=1`);
  const crowd = new Crowd(count);
  await crowd.open(server, `${path}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  let turn = 0;
  const write = async (): Promise<void> => {
    turn += 1;
    const body = JSON.stringify({ metadata: { annotations: { turn: `${count}-${turn}` } } });
    const request = { method: 'PATCH', path: `${path}/${name}`, contentType: contentTypes.merge, body };
    const answer = await server.api.send(request);
    if (answer.status !== 200) throw refused(request, answer);
  };
  for (let i = 0; i < 10; i += 1) await crowd.reached(await inTurn(write, () => turn));
  const reached: number[] = [];
  const serverCpu = server.cpuMs();
  const clientCpu = cpuMs(process.pid);
  for (let i = 0; i < writes; i += 1) {
    const began = performance.now();
    const all = crowd.reached(turn + 1);
    await write();
    await all;
    reached.push(performance.now() - began);
  }
  const perWrite = { server: (server.cpuMs() - serverCpu) / writes, client: (cpuMs(process.pid) - clientCpu) / writes };
  const began = performance.now();
  const burstCpu = server.cpuMs();
  const burst = writes * 2;
  for (let i = 0; i < burst; i += 1) await write();
  await crowd.reached(turn);
  const seconds = (performance.now() - began) / 1000;
  const burstMs = (server.cpuMs() - burstCpu) / (burst * count);
  crowd.close();
  const who = count === 1 ? '1 watcher' : `${count} watchers`;
  return [
    lower(`a write sent until ${who} had it`, median(reached), 'ms', {
      goal: count === 1000 ? 25 : undefined,
      cpuMs: perWrite.server,
      ...latencies(reached),
      all: reached,
    }),
    lower(`processor time of ${who} themselves`, perWrite.client, 'ms'),
    higher(`burst to ${who}`, (burst * count) / seconds, 'events/s', { cpuMs: burstMs }),
  ];
}

async function inTurn(write: () => Promise<void>, turn: () => number): Promise<number> {
  await write();
  return turn();
}

/** Watchers of which each gets the same events: knows when the last one has the nth. */
class Crowd {
  readonly #arrived: number[] = [];
  readonly #watchers: Watcher[] = [];
  #wanted = 0;
  #wake: (() => void) | undefined;

  constructor(readonly count: number) {}

  async open(server: BenchServer, path: string): Promise<void> {
    while (this.#watchers.length < this.count) {
      const batch = Math.min(openedTogether, this.count - this.#watchers.length);
      this.#watchers.push(...(await Promise.all(Array.from({ length: batch }, () => this.#openOne(server, path)))));
    }
  }

  /** Resolves once every watcher has the nth event, counted from 1. */
  reached(event: number): Promise<void> {
    if (this.#arrived[event] === this.count) return Promise.resolve();
    this.#wanted = event;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #openOne(server: BenchServer, path: string): Promise<Watcher> {
    let event = 0;
    return Watcher.open(server.target, path, () => {
      event += 1;
      const arrived = (this.#arrived[event] ?? 0) + 1;
      this.#arrived[event] = arrived;
      if (event === this.#wanted && arrived === this.count) this.#wake?.();
    });
  }
}
