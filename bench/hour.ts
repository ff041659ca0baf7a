import { lower, type Question } from './support/measure.ts';
import { type BenchServer, withServer } from './support/server.ts';
import { untilUsable } from './support/usable.ts';
import { deployment, deploymentsPath, sleepingLoops } from './support/workloads.ts';

const containersPerPod = 10;

/** How long does a simulated hour take when there is something to do in it? */
export const hour: Question = {
  name: 'hour',
  about: 'one simulated hour of 500 looping containers, with --clock manual',
  run: ({ quick }) =>
    withServer(['--clock', 'manual', '--nodes', '3'], async (server) => {
      await advance(server, '1m');
      await untilUsable(server);
      const span = quick ? '3m' : '1h';
      const idle = await cost(server, span);
      const containers = quick ? 100 : 500;
      await server.api.json('POST', deploymentsPath, deployment('loops', containers / containersPerPod, sleepingLoops(containersPerPod)));
      await advance(server, '2m');
      const { status } = await server.api.json<{ status: { readyReplicas?: number } }>('GET', `${deploymentsPath}/loops`);
      if (status.readyReplicas !== containers / containersPerPod) throw new Error(`only ${status.readyReplicas} pods are ready`);
      const busy = await cost(server, span);
      return [
        lower(`${span} of an idle cluster, wall clock`, idle.wall, 's'),
        lower(`${span} of an idle cluster, processor`, idle.cpu, 's'),
        lower(`${span} of ${containers} sleeping loops, wall clock`, busy.wall, 's'),
        lower(`${span} of ${containers} sleeping loops, processor`, busy.cpu, 's'),
        lower('resident memory then', server.residentMib(), 'MiB'),
      ];
    }),
};

async function cost(server: BenchServer, span: string): Promise<{ wall: number; cpu: number }> {
  const began = performance.now();
  const before = server.cpuMs();
  await advance(server, span);
  return { wall: (performance.now() - began) / 1000, cpu: (server.cpuMs() - before) / 1000 };
}

async function advance({ api }: BenchServer, duration: string): Promise<void> {
  await api.json('POST', '/_paperkube/v1/clock/advance', { duration });
}
