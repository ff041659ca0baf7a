import { exec } from './support/container-client.ts';
import { latencies, lower, median, pause, type Question, type Row, time } from './support/measure.ts';
import { objectName } from './support/objects.ts';
import type { BenchServer } from './support/server.ts';
import { withUsableServer } from './support/usable.ts';
import { createToReady, deploymentToReady, podSpec, podsPath, pullEverywhere, shell } from './support/workloads.ts';

const quiet = 'quiet';
const spinners = 20;

/** Do busy containers make others wait? */
export const execQuestion: Question = {
  name: 'exec',
  about: 'exec and API latency, with nothing else to do and while 20 pods spin in `while :; do :; done`',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      await pullEverywhere(server);
      await createToReady(server, quiet, podSpec([shell('main', 'sleep 100000')]));
      const count = quick ? 30 : 200;
      await execs(server, 10);
      await reads(server, 50);
      const rows = [...(await measure(server, count, 'idle cluster'))];
      await deploymentToReady(server, 'spin', spinners, [shell('main', 'while :; do :; done')]);
      await pause(quick ? 500 : 3000);
      const spanMs = quick ? 1000 : 5000;
      const before = server.cpuMs();
      await pause(spanMs);
      const share = (100 * (server.cpuMs() - before)) / spanMs;
      rows.push(...(await measure(server, count, `${spinners} pods spin`)), lower(`${spinners} pods that spin`, share, '% of a core'));
      return rows;
    }),
};

async function measure(server: BenchServer, count: number, when: string): Promise<Row[]> {
  const row = (name: string, all: readonly number[]) => lower(`${name}, ${when}`, median(all), 'ms', { ...latencies(all), all });
  return [
    row('exec of `true`', await execs(server, count)),
    row('get a pod', await reads(server, count * 5)),
    row('create a config map', await writes(server, count, when)),
  ];
}

/** With the connection's own handshake, as for each call of kubectl. */
function execs(server: BenchServer, count: number): Promise<number[]> {
  return each(count, () => exec(server.target, quiet, ['true']));
}

function reads({ api }: BenchServer, count: number): Promise<number[]> {
  return each(count, () => api.json('GET', `${podsPath}/${quiet}`));
}

function writes({ api }: BenchServer, count: number, when: string): Promise<number[]> {
  const prefix = when.replaceAll(' ', '-');
  return each(count, (i) => api.json('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: `${prefix}-${objectName(i)}` }, data: { a: 'b' } }));
}

async function each(count: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i += 1) all.push(await time(() => work(i)));
  return all;
}
