import type { Connection, DatagramSocket, Listener, NetworkStack } from './types.ts';

/**
 * A container's network as one process sees it: what it listens on is closed with its end, so that whoever comes after it can have
 * the port.
 */
export class OwnedNetwork implements NetworkStack {
  readonly #open = new Set<{ close(): void }>();

  constructor(readonly stack: NetworkStack) {}

  get addresses(): readonly string[] {
    return this.stack.addresses;
  }

  listen(address: string, port: number): Listener {
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
    return this.stack.ping(address);
  }

  /** The process has ended. */
  closeAll(): void {
    for (const one of [...this.#open]) one.close();
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
