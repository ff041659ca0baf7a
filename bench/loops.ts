import { lower, pause, type Question, type Row } from './support/measure.ts';
import { withUsableServer } from './support/usable.ts';
import { deploymentToReady, pullEverywhere, sleepingLoops } from './support/workloads.ts';

const containersPerPod = 10;

/** What do containers cost that only loop and sleep? */
export const loops: Question = {
  name: 'loops',
  about: '1,000 and 5,000 containers of sleeping loops: share of a core, memory',
  async run({ quick }) {
    const rows: Row[] = [];
    for (const [count, goal] of quick
      ? ([[300, undefined]] as const)
      : ([
          [1000, 5],
          [5000, 25],
        ] as const))
      rows.push(...(await measure(count, goal, quick)));
    return rows;
  },
};

function measure(count: number, goal: number | undefined, quick: boolean): Promise<Row[]> {
  return withUsableServer(['--nodes', '8'], async (server) => {
    await pullEverywhere(server);
    await pause(quick ? 500 : 3000);
    const idle = server.residentMib();
    const ready = await deploymentToReady(server, 'loops', count / containersPerPod, sleepingLoops(containersPerPod));
    await pause(quick ? 1000 : 10_000); // What followed from the start is done, and the programs are compiled.
    const spanMs = quick ? 2000 : 20_000;
    const before = server.cpuMs();
    await pause(spanMs);
    const share = (100 * (server.cpuMs() - before)) / spanMs;
    const resident = server.residentMib();
    return [
      lower(`${count} sleeping loops`, share, '% of a core', { goal }),
      lower(`resident memory with ${count} sleeping loops`, resident, 'MiB'),
      lower('of that, for each of them', ((resident - idle) * 1024) / count, 'KiB'),
      lower(`${count} containers in ${count / containersPerPod} pods, to all Ready`, ready, 'ms'),
    ];
  });
}
