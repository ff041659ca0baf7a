import type { ContainerSystem } from '../kernel/container-system.ts';
import { SyntheticDirectory, textNode } from './synthetic.ts';

/** The control group of a container, as its process table has it. */
export type CgroupFacts = Pick<ContainerSystem, 'memory' | 'controlGroup' | 'cpuUsedMs' | 'hardware' | 'namespace'>;

/** The period of the kernel's bandwidth control as the kubelet sets it, in microseconds. */
const cpuPeriodMicros = 100_000;

/** /sys/fs/cgroup of one container: the files of cgroup v2 that programs size themselves by, and those that tell what is used. */
export function createCgroup(facts: CgroupFacts): SyntheticDirectory {
  const files: Record<string, () => string> = {
    'cgroup.controllers': () => 'cpuset cpu io memory hugetlb pids rdma misc',
    'cgroup.procs': () =>
      facts.namespace
        .visible()
        .map(({ pid }) => pid)
        .join('\n'),
    'cgroup.type': () => 'domain',
    'cpu.max': () => `${cpuQuota(facts.controlGroup.limit)} ${cpuPeriodMicros}`,
    'cpu.stat': () => cpuStat(facts.cpuUsedMs),
    'cpu.weight': () => String(facts.controlGroup.weight),
    'cpuset.cpus.effective': () => cpuList(facts.hardware.processors.count),
    'memory.current': () => String(facts.memory?.usedBytes ?? 0),
    'memory.events': () => memoryEvents(facts.memory?.wasExceeded ?? false),
    'memory.max': () => String(facts.memory?.limitBytes ?? 'max'),
    'memory.oom.group': () => '1',
    'memory.peak': () => String(facts.memory?.peakBytes ?? 0),
    'memory.stat': () => memoryStat(facts),
    'memory.swap.current': () => '0',
    'memory.swap.max': () => '0',
    'pids.current': () => String(facts.namespace.size),
    'pids.max': () => String(facts.namespace.maxProcesses),
  };
  const names = Object.keys(files);
  return new SyntheticDirectory(
    1,
    () => names,
    (name) => (Object.hasOwn(files, name) ? textNode(`${files[name]?.()}\n`, 2 + names.indexOf(name)) : undefined),
  );
}

/** The kernel takes no quota below a millisecond. */
function cpuQuota(processors: number): string {
  return Number.isFinite(processors) ? String(Math.max(1000, Math.round(processors * cpuPeriodMicros))) : 'max';
}

function cpuStat(usedMs: number): string {
  const micros = Math.floor(usedMs * 1000);
  return `usage_usec ${micros}\nuser_usec ${micros}\nsystem_usec 0`;
}

export function cpuList(count: number): string {
  return count > 1 ? `0-${count - 1}` : '0';
}

function memoryEvents(exceeded: boolean): string {
  const times = exceeded ? 1 : 0;
  return `low 0\nhigh 0\nmax ${times}\noom ${times}\noom_kill ${times}\noom_group_kill ${times}`;
}

function memoryStat({ memory }: CgroupFacts): string {
  const shared = memory?.sharedBytes ?? 0;
  return `anon ${(memory?.usedBytes ?? 0) - shared}\nfile ${shared}\nshmem ${shared}`;
}
