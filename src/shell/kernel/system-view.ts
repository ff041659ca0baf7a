import type { ContainerSystem } from './container-system.ts';
import type { Caller } from './open-file.ts';
import { OwnedNetwork } from './owned-network.ts';
import type { Filesystem, NetworkStack, ProcessInfo, System } from './types.ts';

/** The container as one process sees it: paths are checked with that process's rights. */
export class SystemView implements System {
  readonly fs: Filesystem;
  #network: OwnedNetwork | undefined;

  constructor(
    readonly container: ContainerSystem,
    caller: Caller,
  ) {
    this.fs = container.fs.view(caller);
  }

  get hostname(): string {
    return this.container.hostname;
  }
  get network(): NetworkStack {
    this.#network ??= new OwnedNetwork(this.container.network);
    return this.#network;
  }
  /** The process has ended: nobody listens on its ports any more. */
  closeSockets(): void {
    this.#network?.closeAll();
  }
  get uname(): System['uname'] {
    return this.container.uname;
  }
  now(): number {
    return this.container.now();
  }
  uptimeMs(): number {
    return this.container.uptimeMs();
  }
  random(): number {
    return this.container.kernel.random.next();
  }
  processes(): readonly ProcessInfo[] {
    return this.container.namespace.list();
  }
  service<T>(name: string): T | undefined {
    return this.container.service<T>(name);
  }
}
