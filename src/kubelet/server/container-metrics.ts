import { qosClass } from '../../api/core/v1/pod-resources.ts';
import type { Exposed } from '../../machinery/exposition/index.ts';
import { parseTime } from '../../machinery/time.ts';
import { cpuShares } from '../../shell/kernel/control-group.ts';
import { runtimeResources } from '../pod-allocation.ts';
import { podContainers } from '../pod-format.ts';
import type { ContainerSummary, Summary } from './stats-types.ts';
import type { MeasuredPod, NodeMeasures } from './summary.ts';

/** The period of processor quotas, in microseconds. */
const cpuPeriod = 100_000;

interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly usage: Pick<ContainerSummary, 'cpu' | 'memory' | 'startTime' | 'rootfs'>;
  readonly limits?: {
    readonly cpuRequestMilli?: number | undefined;
    readonly cpuLimitMilli?: number | undefined;
    readonly memoryLimitBytes?: number | undefined;
  };
}

/** `/metrics/cadvisor`: the control groups of the node, of its pods and of their containers, under cAdvisor's names. */
export function containerMetrics(measures: NodeMeasures, { node, pods }: Summary): Exposed[] {
  const measured = new Map(measures.pods.map((one): [string, MeasuredPod] => [one.pod.metadata?.uid ?? '', one]));
  const rows: Row[] = [{ labels: labelsOf('/', {}), usage: node }];
  for (const pod of pods) {
    const one = measured.get(pod.podRef.uid);
    if (one) rows.push(...podRows(one, pod));
  }
  const all = (value: (row: Row) => number | undefined, more: Readonly<Record<string, string>> = {}, timed = true) =>
    rows.flatMap((row) => {
      const number = value(row);
      return number === undefined ? [] : [{ labels: { ...row.labels, ...more }, value: number, ...(timed ? { timeMs: measures.now } : {}) }];
    });
  const family = (name: string, type: Exposed['type'], help: string, samples: Exposed['samples']): Exposed => ({ name, help, type, samples });
  const stats = measures.runtime.nodeStats();
  const { machineId, systemUuid, bootId } = measures.machine;
  const machine = { machine_id: machineId, system_uuid: systemUuid, boot_id: bootId };
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Processor time used, in seconds.',
      all(({ usage }) => usage.cpu.usageCoreNanoSeconds / 1e9, { cpu: 'total' }),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Memory that is worked with.',
      all(({ usage }) => usage.memory.workingSetBytes),
    ),
    family(
      'container_memory_usage_bytes',
      'gauge',
      'All memory in use.',
      all(({ usage }) => usage.memory.usageBytes),
    ),
    family(
      'container_memory_rss',
      'gauge',
      'Memory of processes.',
      all(({ usage }) => usage.memory.rssBytes),
    ),
    family(
      'container_memory_cache',
      'gauge',
      'Memory of files.',
      all(({ usage }) => usage.memory.usageBytes - usage.memory.rssBytes),
    ),
    family(
      'container_memory_swap',
      'gauge',
      'Swap in use.',
      all(() => 0),
    ),
    family(
      'container_fs_usage_bytes',
      'gauge',
      'What was written to the file system.',
      all(({ usage }) => usage.rootfs?.usedBytes, { device: '/dev/vda1' }),
    ),
    family(
      'container_spec_cpu_period',
      'gauge',
      'Period of the processor quota.',
      all(({ limits }) => limits && cpuPeriod, {}, false),
    ),
    family(
      'container_spec_cpu_quota',
      'gauge',
      'Processor time in each period, at most.',
      all(({ limits }) => (limits?.cpuLimitMilli === undefined ? undefined : (limits.cpuLimitMilli * cpuPeriod) / 1000), {}, false),
    ),
    family(
      'container_spec_cpu_shares',
      'gauge',
      'Weight where processors are scarce.',
      all(({ limits }) => limits && cpuShares(limits.cpuRequestMilli), {}, false),
    ),
    family(
      'container_spec_memory_limit_bytes',
      'gauge',
      'Memory limit; 0 for none.',
      all(({ limits }) => limits && (limits.memoryLimitBytes ?? 0), {}, false),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'When it was started.',
      all(({ usage }) => (parseTime(usage.startTime) ?? 0) / 1000, {}, false),
    ),
    family(
      'container_last_seen',
      'gauge',
      'When it was last looked at.',
      all(() => Math.floor(measures.now / 1000)),
    ),
    family('machine_cpu_cores', 'gauge', 'Processors of the machine.', [{ labels: machine, value: stats.processors }]),
    family('machine_memory_bytes', 'gauge', 'Memory of the machine.', [{ labels: machine, value: stats.memoryCapacityBytes }]),
  ];
}

function podRows({ pod, running }: MeasuredPod, summary: Summary['pods'][number]): Row[] {
  const { name, namespace, uid } = summary.podRef;
  const group = podGroup(qosClass(pod), uid);
  const specs = new Map(podContainers(pod).map(({ spec }) => [spec.name, spec]));
  const rows: Row[] = [{ labels: labelsOf(group, { pod: name, namespace }), usage: summary, limits: {} }];
  for (const usage of summary.containers) {
    const status = running.find((one) => one.name === usage.name);
    const spec = specs.get(usage.name);
    if (!status || !spec) continue;
    const id = `${group}/cri-containerd-${status.id}.scope`;
    const labels = labelsOf(id, { name: status.id, image: status.imageReference, pod: name, namespace, container: usage.name });
    rows.push({ labels, usage, limits: runtimeResources(spec) });
  }
  return rows;
}

/** Every row of a family has the same labels, empty where there is nothing to say. */
function labelsOf(id: string, { container = '', image = '', name = '', namespace = '', pod = '' }: Readonly<Record<string, string>>): Row['labels'] {
  return { container, id, image, name, namespace, pod };
}

/** As systemd names it (pkg/kubelet/cm cgroup_manager_linux.go). */
function podGroup(quality: string, uid: string): string {
  const part = quality === 'Guaranteed' ? '' : `-${quality.toLowerCase()}`;
  const parent = part === '' ? '/kubepods.slice' : `/kubepods.slice/kubepods${part}.slice`;
  return `${parent}/kubepods${part}-pod${uid.replaceAll('-', '_')}.slice`;
}
