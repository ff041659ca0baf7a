import type { ContainerSystem } from './container-system.ts';
import type { Caller } from './open-file.ts';
import type { Filesystem, NetworkStack, ProcessInfo, System } from './types.ts';

/** The container as one process sees it: paths are checked with that process's rights. */
export class SystemView implements System {
  readonly fs: Filesystem;

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
    return this.container.network;
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
