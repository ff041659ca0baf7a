import { SyntheticDirectory, textNode } from './synthetic.ts';

/** What a container's control group says of it. */
export interface CgroupFacts {
  /** Undefined without a limit. */
  memoryMaxBytes(): number | undefined;
  memoryBytes(): number;
  /** Thousandths of a processor; undefined without a limit. */
  cpuLimitMilli(): number | undefined;
}

/** The period of the kernel's bandwidth control as the kubelet sets it, in microseconds. */
const cpuPeriodMicros = 100_000;

/** /sys/fs/cgroup of one container: the files of cgroup v2 that programs size themselves by. */
export function createCgroup(facts: CgroupFacts): SyntheticDirectory {
  const files: Record<string, () => string> = {
    'cgroup.controllers': () => 'cpuset cpu io memory hugetlb pids rdma misc',
    'cpu.max': () => `${cpuQuota(facts.cpuLimitMilli())} ${cpuPeriodMicros}`,
    'memory.current': () => String(facts.memoryBytes()),
    'memory.max': () => String(facts.memoryMaxBytes() ?? 'max'),
    'memory.oom.group': () => '1',
  };
  const names = Object.keys(files);
  return new SyntheticDirectory(
    1,
    () => names,
    (name) => (Object.hasOwn(files, name) ? textNode(`${files[name]?.()}\n`, 2 + names.indexOf(name)) : undefined),
  );
}

/** The kernel takes no quota below a millisecond. */
function cpuQuota(milli: number | undefined): string {
  return milli === undefined ? 'max' : String(Math.max(1000, (milli * cpuPeriodMicros) / 1000));
}
