import { lower, median, type Question } from './support/measure.ts';
import { withUsableServer } from './support/usable.ts';
import { createToReady, deleteDeployment, deploymentToReady, podSpec, podsPath, pullEverywhere, shell } from './support/workloads.ts';

const sleeper = [shell('main', 'while true; do sleep 5; done')];

/** How fast do pods earn their status in real time? */
export const pods: Question = {
  name: 'pods',
  about: 'create to Running and Ready of one pod; a Deployment of 500 to all Ready',
  run: ({ quick }) =>
    withUsableServer(['--nodes', '8'], async (server) => {
      await pullEverywhere(server);
      const single: number[] = [];
      for (let i = 0; i < (quick ? 10 : 40); i += 1) {
        single.push(await createToReady(server, `single-${i}`, podSpec(sleeper)));
        await server.api.json('DELETE', `${podsPath}/single-${i}?gracePeriodSeconds=0`);
      }
      const replicas = quick ? 100 : 500;
      const bursts: number[] = [];
      const cpu: number[] = [];
      for (let turn = 0; turn < (quick ? 1 : 3); turn += 1) {
        const before = server.cpuMs();
        bursts.push(await deploymentToReady(server, `burst-${turn}`, replicas, sleeper));
        cpu.push((server.cpuMs() - before) / replicas);
        await deleteDeployment(server, `burst-${turn}`);
      }
      return [
        lower('create to Ready, one pod', median(single), 'ms', { goal: 50, all: single }),
        lower(`Deployment of ${replicas} to all Ready`, median(bursts), 'ms', { goal: 3000, cpuMs: median(cpu), all: bursts }),
      ];
    }),
};
