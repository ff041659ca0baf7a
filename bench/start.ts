import type { Question } from './support/measure.ts';
import { median } from './support/measure.ts';
import { startBenchServer } from './support/server.ts';

/** How soon is a cluster there, and what does it cost when nobody uses it? */
export const start: Question = {
  name: 'start',
  about: 'process start to ready, to all nodes Ready and coredns Running; memory of the idle cluster',
  async run({ quick }) {
    const readyz: number[] = [];
    const usable: number[] = [];
    const resident: number[] = [];
    const idle: number[] = [];
    for (let i = 0; i < (quick ? 3 : 7); i += 1) {
      const began = performance.now();
      const server = await startBenchServer();
      await server.api.text('GET', '/readyz');
      readyz.push(performance.now() - began);
      while (!(await isUsable(server.api))) await new Promise((resolve) => setTimeout(resolve, 10));
      usable.push(performance.now() - began);
      const before = server.cpuMs();
      const idleMs = quick ? 2000 : 5000;
      await new Promise((resolve) => setTimeout(resolve, idleMs));
      idle.push((100 * (server.cpuMs() - before)) / idleMs);
      resident.push(server.residentMib());
      server.api.close();
      await server.stop();
    }
    return [
      { name: 'start to /readyz', value: median(readyz), unit: 'ms', budget: 300, all: readyz },
      { name: 'start to nodes Ready, coredns Running', value: median(usable), unit: 'ms', budget: 1000, all: usable },
      { name: 'resident memory, idle cluster', value: median(resident), unit: 'MiB', budget: 90, all: resident },
      { name: 'processor, idle cluster', value: median(idle), unit: '% of a core', all: idle },
    ];
  },
};

interface Listed {
  items: { metadata: { name: string }; status?: { phase?: string; conditions?: { type: string; status: string }[] } }[];
}

async function isUsable(api: { json<T>(method: string, path: string): Promise<T> }): Promise<boolean> {
  const nodes = await api.json<Listed>('GET', '/api/v1/nodes');
  if (nodes.items.length < 3 || !nodes.items.every(isReady)) return false;
  const dns = await api.json<Listed>('GET', '/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns');
  return dns.items.length === 2 && dns.items.every((pod) => pod.status?.phase === 'Running' && isReady(pod));
}

function isReady(object: Listed['items'][number]): boolean {
  return object.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
}
