import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createApp } from '../../server/app.ts';
import { createHttpServer } from '../../server/http-server.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { silentLog } from '../../src/env/index.ts';
import type { Handler } from '../../src/machinery/index.ts';

const user = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly text: string;
  readonly headers: Headers;
}

/** A whole cluster behind a real socket; every request is the administrator's. */
export class WireServer {
  readonly #server: Server;

  constructor(readonly cluster: Cluster) {
    const handler: Handler = (request) => cluster.handler(Object.assign(Object.create(request), { user }));
    this.#server = createHttpServer(createApp({ handler, log: silentLog }));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async send(method: string, path: string, body?: string | Uint8Array, contentType = 'application/json'): Promise<Reply> {
    const url = `http://127.0.0.1:${this.port}${path}`;
    // fetch takes bytes too; its type has no name that all checkers know.
    const options = body === undefined ? { method } : { method, body: body as string, headers: { 'content-type': contentType } };
    const response = await fetch(url, options);
    const text = await response.text();
    const parsed = text.startsWith('{') ? (JSON.parse(text) as { reason?: string; message?: string }) : {};
    return { status: response.status, reason: parsed.reason ?? '', message: parsed.message ?? text, text, headers: response.headers };
  }

  /** The number of the last write. */
  async revision(): Promise<string> {
    const { text } = await this.send('GET', '/api/v1/namespaces/default/configmaps');
    return (JSON.parse(text) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
  }

  /** Writes bytes as they are, and resolves with what came back until the server closed the connection, or said `until`. */
  raw(bytes: string, until?: RegExp): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(this.port, '127.0.0.1', () => socket.write(bytes));
      const finish = (): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
        if (until?.test(answer)) finish();
      });
      socket.on('close', finish);
      socket.on('error', finish);
    });
  }
}
