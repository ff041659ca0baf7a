import type { Node } from './node.ts';
import type { Storage } from './storage.ts';

/** Something mounted in a container. */
export class MountEntry {
  #root: Node | undefined;

  constructor(
    /** Canonical; `/` for the root. */
    readonly target: string,
    readonly source: string,
    readonly type: string,
    readonly readOnly: boolean,
    readonly storage: Storage | undefined,
    /** Made when first looked at: most containers never open /proc. */
    readonly makeRoot: () => Node,
  ) {}

  get root(): Node {
    this.#root ??= this.makeRoot();
    return this.#root;
  }

  get options(): string {
    return `${this.readOnly ? 'ro' : 'rw'},relatime`;
  }
}

/** The lines of /proc/PID/mounts. */
export function mountLines(mounts: readonly MountEntry[]): string {
  return mounts.map(({ source, target, type, options }) => `${source} ${target} ${type} ${options} 0 0\n`).join('');
}

/** Numbers of mounts are the whole kernel's; a container sees its own few. */
const firstMountId = 600;

/**
 * The lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
 *
 * Differs from upstream: every mount begins at the top of its file system, since the node's disk is not simulated as a whole.
 */
export function mountInfoLines(mounts: readonly MountEntry[]): string {
  return mounts
    .map(({ source, target, type, options, storage, readOnly }, index) => {
      const parent = target === '/' ? firstMountId - 1 : firstMountId + parentOf(mounts, target);
      const device = `0:${storage?.device ?? 50 + index}`;
      return `${firstMountId + index} ${parent} ${device} / ${target} ${options} - ${type} ${source} ${readOnly && target === '/' ? 'ro' : 'rw'}\n`;
    })
    .join('');
}

/** The mount that holds a mount's target: the deepest one above it. */
function parentOf(mounts: readonly MountEntry[], target: string): number {
  let found = 0;
  for (const [index, { target: above }] of mounts.entries()) {
    if (target.startsWith(`${above}/`) && above.length > (mounts[found]?.target.length ?? 0)) found = index;
  }
  return found;
}
