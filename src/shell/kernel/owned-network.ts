import { holds } from './capabilities.ts';
import type { KernelParameters } from './kernel-parameters.ts';
import type { Caller } from './open-file.ts';
import type { Connection, DatagramSocket, Listener, NetworkStack } from './types.ts';
import { SystemError } from './types.ts';

/**
 * A container's network as one process sees it: what it listens on is closed with its end, so that whoever comes after it can have
 * the port; and what takes a capability is refused to who has none.
 */
export class OwnedNetwork implements NetworkStack {
  readonly #open = new Set<{ close(): void }>();

  constructor(
    readonly stack: NetworkStack,
    readonly caller: Caller,
    readonly parameters: KernelParameters,
  ) {}

  get addresses(): readonly string[] {
    return this.stack.addresses;
  }

  listen(address: string, port: number): Listener {
    this.#checkPort(port);
    const listener = this.stack.listen(address, port);
    return this.#own({
      port: listener.port,
      accept: () => listener.accept(),
      onConnection: (callback: () => void) => listener.onConnection(callback),
      close: () => listener.close(),
    });
  }

  connect(address: string, port: number): Promise<Connection> {
    return this.stack.connect(address, port);
  }

  bindDatagram(address: string, port: number): DatagramSocket {
    this.#checkPort(port);
    const socket = this.stack.bindDatagram(address, port);
    return this.#own({
      port: socket.port,
      send: (data: Uint8Array, to: string, toPort: number) => socket.send(data, to, toPort),
      receive: () => socket.receive(),
      onReadable: (callback: () => void) => socket.onReadable(callback),
      close: () => socket.close(),
    });
  }

  ping(address: string): { readonly reachable: boolean; readonly roundTripMs: number } {
    if (!this.parameters.mayPing(this.caller.gid) && !holds(this.caller, 'NET_RAW')) throw new SystemError('EPERM');
    return this.stack.ping(address);
  }

  /** The process has ended. */
  closeAll(): void {
    for (const one of [...this.#open]) one.close();
  }

  #checkPort(port: number): void {
    if (port > 0 && port < this.parameters.unprivilegedPortStart && !holds(this.caller, 'NET_BIND_SERVICE')) throw new SystemError('EACCES');
  }

  #own<T extends { close(): void }>(one: T): T {
    const { close } = one;
    this.#open.add(one);
    one.close = () => {
      this.#open.delete(one);
      close();
    };
    return one;
  }
}
