import type { Metrics } from '../../env/index.ts';
import type { Exposed } from '../../machinery/exposition/index.ts';
import { parseTime } from '../../machinery/time.ts';
import type { ProbeTally } from '../prober.ts';
import type { Summary } from './stats-types.ts';
import type { NodeMeasures } from './summary.ts';

/** `/metrics/resource`: what a metrics server reads (pkg/kubelet/metrics/collectors resource_metrics.go). */
export function resourceMetrics({ node, pods }: Summary, nowMs: number): Exposed[] {
  const seconds = (nanoSeconds: number) => nanoSeconds / 1e9;
  const timed = (labels: Record<string, string>, value: number) => ({ labels, value, timeMs: nowMs });
  const podLabels = ({ podRef }: Summary['pods'][number]) => ({ namespace: podRef.namespace, pod: podRef.name });
  const containers = pods.flatMap((pod) => pod.containers.map((container) => ({ container, labels: { container: container.name, ...podLabels(pod) } })));
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      help: 'Processor time that the container has used, in seconds.',
      type: 'counter',
      samples: containers.map(({ container, labels }) => timed(labels, seconds(container.cpu.usageCoreNanoSeconds))),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: 'Memory that the container works with.',
      type: 'gauge',
      samples: containers.map(({ container, labels }) => timed(labels, container.memory.workingSetBytes)),
    },
    {
      name: 'container_start_time_seconds',
      help: 'When the container was started, in seconds since the epoch.',
      type: 'gauge',
      samples: containers.map(({ container, labels }) => ({ labels, value: (parseTime(container.startTime) ?? 0) / 1000 })),
    },
    {
      name: 'container_swap_usage_bytes',
      help: 'Swap that the container uses.',
      type: 'gauge',
      samples: containers.map(({ container, labels }) => timed(labels, container.swap.swapUsageBytes)),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: 'Processor time that the node has used, in seconds.',
      type: 'counter',
      samples: [timed({}, seconds(node.cpu.usageCoreNanoSeconds))],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: 'Memory that the node works with.',
      type: 'gauge',
      samples: [timed({}, node.memory.workingSetBytes)],
    },
    { name: 'node_swap_usage_bytes', help: 'Swap that the node uses.', type: 'gauge', samples: [timed({}, node.swap.swapUsageBytes)] },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: 'Processor time that the pod has used, in seconds.',
      type: 'counter',
      samples: pods.map((pod) => timed(podLabels(pod), seconds(pod.cpu.usageCoreNanoSeconds))),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: 'Memory that the pod works with.',
      type: 'gauge',
      samples: pods.map((pod) => timed(podLabels(pod), pod.memory.workingSetBytes)),
    },
    {
      name: 'pod_swap_usage_bytes',
      help: 'Swap that the pod uses.',
      type: 'gauge',
      samples: pods.map((pod) => timed(podLabels(pod), pod.swap.swapUsageBytes)),
    },
    { name: 'resource_scrape_error', help: 'Whether the figures could not be had.', type: 'gauge', samples: [{ labels: {}, value: 0 }] },
  ];
}

/** `/metrics`: what this kubelet has counted, and what it looks after now (pkg/kubelet/metrics). */
export async function kubeletMetrics(metrics: Metrics, nodeName: string, version: string, { runtime }: NodeMeasures): Promise<Exposed[]> {
  const own: Exposed[] = [];
  for (const family of metrics.families()) {
    if (!family.name.startsWith('kubelet_')) continue;
    const samples = (await family.samples()).filter(({ labels }) => labels.node === nodeName);
    // Here it goes without saying whose they are.
    own.push({ ...family, samples: samples.map(({ labels: { node: _, ...labels }, ...one }) => ({ ...one, labels })) });
  }
  const byState = new Map<string, number>();
  for (const { state } of runtime.listContainers()) byState.set(state, (byState.get(state) ?? 0) + 1);
  const one = (labels: Record<string, string>, value: number) => [{ labels, value }];
  return [
    ...own,
    { name: 'kubelet_node_name', help: 'The node of this kubelet.', type: 'gauge', samples: one({ node: nodeName }, 1) },
    {
      name: 'kubelet_running_containers',
      help: 'Containers by their state.',
      type: 'gauge',
      samples: [...byState].sort().map(([state, value]) => ({ labels: { container_state: state }, value })),
    },
    {
      name: 'kubernetes_build_info',
      help: 'What was built into this program.',
      type: 'gauge',
      samples: one({ git_version: version, major: version.slice(1).split('.')[0] ?? '', minor: version.split('.')[1] ?? '' }, 1),
    },
  ];
}

/** `/metrics/probes` (pkg/kubelet/prober prober_manager.go). */
export function probeMetrics(tallies: readonly ProbeTally[]): Exposed[] {
  const samples = tallies.flatMap(({ type, pod, container, successful, failed }) => {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const sample = (result: string, value: number) =>
      value === 0 ? [] : [{ labels: { container, namespace, pod: name, pod_uid: uid, probe_type: type, result }, value }];
    return [...sample('failed', failed), ...sample('successful', successful)];
  });
  return [{ name: 'prober_probe_total', help: 'How often a probe of a container has ended how.', type: 'counter', samples }];
}
