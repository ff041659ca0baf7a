/** The least that the kernel takes: a container that asks for no processor time. */
export const minimumShares = 2;
const maximumShares = 262_144;

/** Requested thousandths of a processor as cgroup v1 counts them (pkg/kubelet/cm MilliCPUToShares). */
export function cpuShares(milli: number | undefined): number {
  return Math.min(maximumShares, Math.max(minimumShares, Math.floor(((milli ?? 0) * 1024) / 1000)));
}

/**
 * A control group: who it shares the processors with, and by what weight. Only those that want a processor count, so a group has all
 * that the others leave.
 */
export class ControlGroup {
  readonly #children = new Set<ControlGroup>();
  /** Processes in it, and in the groups below, that want a processor all the time. */
  #busy = 0;
  #capacity = { version: -1, processors: 0 };
  /** At most so many processors, whatever is free. */
  limit = Number.POSITIVE_INFINITY;

  constructor(
    readonly parent: ControlGroup | undefined,
    public shares: number = minimumShares,
  ) {
    if (parent) parent.#children.add(this);
  }

  /** cpu.weight of cgroup v2, as runc makes it from shares. */
  get weight(): number {
    return 1 + Math.floor(((this.shares - minimumShares) * 9999) / 262_142);
  }

  get busy(): number {
    return this.#busy;
  }

  /** How many processors it could use now. */
  get demand(): number {
    if (this.#children.size === 0) return Math.min(this.#busy, this.limit);
    let sum = 0;
    for (const child of this.#children) if (child.#busy > 0) sum += child.demand;
    return Math.min(sum, this.limit);
  }

  /** A process has begun (1) or ceased (-1) to want a processor. */
  count(change: 1 | -1): void {
    for (let group: ControlGroup | undefined = this; group; group = group.parent) group.#busy += change;
  }

  /** Has it weigh as much as the groups in it together. */
  weighChildren(): void {
    let sum = 0;
    for (const child of this.#children) sum += child.shares;
    this.shares = Math.min(maximumShares, Math.max(minimumShares, sum));
  }

  /** Takes it out of its parent, which shares among the others from now on. */
  remove(): void {
    if (this.parent) this.parent.#children.delete(this);
  }

  /**
   * Processors that this group gets of `total`, by weight, group by group from the top; nobody more than it can use, the rest goes to the
   * others. `version` changes whenever anything of this may have changed.
   */
  processors(total: number, version: number): number {
    if (this.#capacity.version !== version) {
      const own = this.parent ? this.parent.#divide(this.parent.processors(total, version), this) : Math.min(total, this.demand);
      this.#capacity = { version, processors: own };
    }
    return this.#capacity.processors;
  }

  /** What `wanted` gets when `capacity` is shared out among the children that are busy. */
  #divide(capacity: number, wanted: ControlGroup): number {
    let rest = capacity;
    let open = [...this.#children].filter((child) => child.#busy > 0).map((group) => ({ group, demand: group.demand }));
    for (;;) {
      const weight = open.reduce((sum, { group }) => sum + group.weight, 0);
      const share = (group: ControlGroup) => (rest * group.weight) / weight;
      const content = open.filter(({ group, demand }) => demand <= share(group));
      const own = content.find(({ group }) => group === wanted);
      if (own) return own.demand;
      if (content.length === 0) return share(wanted);
      rest -= content.reduce((sum, { demand }) => sum + demand, 0);
      open = open.filter((one) => !content.includes(one));
    }
  }
}
