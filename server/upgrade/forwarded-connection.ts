import type { ByteConnection } from '../../src/machinery/index.ts';

/** The client's end of one forwarded connection. */
export interface ForwardClient {
  /** False once it is full: then `ForwardedConnection.drained` says when it is not. */
  data(data: Uint8Array): boolean;
  /** The pod has closed its half. */
  end(): void;
  /** The pod has reset the connection. */
  failed(): void;
  /** Nothing more will happen, whatever the reason. */
  closed(): void;
  /** Reads no more input until the returned function is called. */
  holdInput(): () => void;
}

/** A pod that does not read holds the client back from here on; until then its other connections go on. */
const maxWaitingBytes = 1024 * 1024;

/** Joins a client's stream with a connection to a pod: bytes both ways, half-closes, resets, back-pressure. */
export class ForwardedConnection {
  #cancel: (() => void)[] = [];
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #full = false;
  #inputEnded = false;
  #outputEnded = false;
  #over = false;
  #release: (() => void) | undefined;

  constructor(
    readonly connection: ByteConnection,
    readonly client: ForwardClient,
  ) {}

  /** Lets bytes flow. */
  begin(): void {
    if (this.#over) return;
    this.#cancel = [this.connection.onReadable(() => this.#pump()), this.connection.onDrain(() => this.#flush())];
    this.#pump();
  }

  /** The client sent something. */
  received(data: Uint8Array): void {
    if (this.#over || this.#inputEnded) return;
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    if (!this.#full) this.#send();
    if (this.#waitingBytes > maxWaitingBytes) this.#release ??= this.client.holdInput();
  }

  /** The client has closed its half. */
  receivedEnd(): void {
    if (this.#over || this.#inputEnded) return;
    this.#inputEnded = true;
    if (!this.#full) this.#send();
  }

  /** The client takes output again. */
  drained(): void {
    this.#pump();
  }

  /** The client has given the connection up. */
  abandoned(): void {
    if (this.#over) return;
    this.connection.destroy();
    this.#finish();
  }

  #flush(): void {
    this.#full = false;
    this.#send();
    if (this.#waitingBytes > maxWaitingBytes) return;
    this.#release?.();
    this.#release = undefined;
  }

  #send(): void {
    this.#guarded(() => {
      while (this.#waiting.length > 0 && !this.#full) {
        const data = this.#waiting.shift() as Uint8Array;
        this.#waitingBytes -= data.length;
        this.#full = !this.connection.write(data);
      }
      if (!this.#inputEnded || this.#waiting.length > 0) return;
      this.connection.end();
      if (this.#outputEnded) this.#finish();
    });
  }

  #pump(): void {
    this.#guarded(() => {
      for (;;) {
        if (this.#outputEnded || this.#over) return;
        const bytes = this.connection.read();
        if (bytes === undefined) return;
        if (bytes === null) {
          this.#outputEnded = true;
          this.client.end();
          if (this.#inputEnded && this.#waiting.length === 0) this.#finish();
        } else if (!this.client.data(bytes)) return;
      }
    });
  }

  #guarded(action: () => void): void {
    if (this.#over) return;
    try {
      action();
    } catch {
      this.connection.destroy(); // The pod's side was reset.
      this.client.failed();
      this.#finish();
    }
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    for (const one of this.#cancel) one();
    this.#release?.();
    this.#release = undefined;
    this.client.closed();
  }
}
