import { holds } from './capabilities.ts';
import type { ContainerSystem } from './container-system.ts';
import type { Caller } from './open-file.ts';
import { OwnedNetwork } from './owned-network.ts';
import type { Filesystem, NetworkStack, ProcessInfo, System } from './types.ts';
import { SystemError } from './types.ts';

/** The container as one process sees it: paths are checked with that process's rights. */
export class SystemView implements System {
  readonly fs: Filesystem;
  #network: OwnedNetwork | undefined;

  constructor(
    readonly container: ContainerSystem,
    readonly caller: Caller,
  ) {
    this.fs = container.fs.view(caller);
  }

  get hostname(): string {
    return this.container.hostname;
  }
  get network(): NetworkStack {
    this.#network ??= new OwnedNetwork(this.container.network, this.caller, this.container.parameters);
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
    return this.container.wallClock();
  }
  setClock(ms: number): void {
    if (!holds(this.caller, 'SYS_TIME')) throw new SystemError('EPERM');
    this.container.hardware.clockOffsetMs = ms - this.container.now();
  }
  setHostname(name: string): void {
    if (!holds(this.caller, 'SYS_ADMIN')) throw new SystemError('EPERM');
    if (name.length > 64) throw new SystemError('EINVAL');
    this.container.hostname = name;
  }
  uptimeMs(): number {
    return this.container.uptimeMs();
  }
  random(): number {
    return this.container.kernel.random.next();
  }
  processes(): readonly ProcessInfo[] {
    const { clockOffsetMs } = this.container.hardware;
    const list = this.container.namespace.visible();
    if (clockOffsetMs === 0) return list;
    return list.map(({ pid, ppid, processGroup, uid, argv, comm, state, startedAt, cpuMs, memoryBytes }) => {
      return { pid, ppid, processGroup, uid, argv, comm, state, startedAt: startedAt + clockOffsetMs, cpuMs, memoryBytes };
    });
  }
  service<T>(name: string): T | undefined {
    return this.container.service<T>(name);
  }
}
