import { lower, median, pause, type Question } from './support/measure.ts';
import { startBenchServer } from './support/server.ts';
import { untilUsable } from './support/usable.ts';

/** How soon is a cluster there, and what does it cost when nobody uses it? */
export const start: Question = {
  name: 'start',
  about: 'process start to ready, to all nodes Ready and coredns Running; memory of the idle cluster',
  async run({ quick }) {
    const turns = quick ? 2 : 7;
    const readyz: number[] = [];
    const usable: number[] = [];
    const cpu: number[] = [];
    const resident: number[] = [];
    const idle: number[] = [];
    for (let i = 0; i < turns; i += 1) {
      const began = performance.now();
      const server = await startBenchServer();
      await server.api.json('GET', '/version');
      readyz.push(performance.now() - began);
      await untilUsable(server);
      usable.push(performance.now() - began);
      cpu.push(server.cpuMs());
      const idleMs = quick ? 500 : 5000;
      await pause(idleMs);
      const before = server.cpuMs();
      await pause(idleMs);
      idle.push((100 * (server.cpuMs() - before)) / idleMs);
      resident.push(server.residentMib());
      await server.stop();
    }
    const apiOnly: number[] = [];
    for (let i = 0; i < turns; i += 1) {
      const began = performance.now();
      const server = await startBenchServer(['--components', 'api']);
      await server.api.json('GET', '/version');
      apiOnly.push(performance.now() - began);
      await server.stop();
    }
    return [
      lower('process start to the first answer', median(readyz), 'ms', { goal: 300, all: readyz }),
      lower('the same, --components api', median(apiOnly), 'ms', { goal: 200, all: apiOnly }),
      lower('process start to nodes Ready, coredns Running', median(usable), 'ms', { goal: 1000, all: usable }),
      lower('processor time until then', median(cpu), 'ms', { all: cpu }),
      lower('resident memory, idle cluster', median(resident), 'MiB', { goal: 90, all: resident }),
      lower('processor, idle cluster', median(idle), '% of a core', { all: idle }),
    ];
  },
};
