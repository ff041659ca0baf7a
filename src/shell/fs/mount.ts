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
