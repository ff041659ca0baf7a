import { Agent, type RequestOptions, request } from 'node:https';
import { load } from 'js-yaml';

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** A small JSON client over kept-alive TLS connections, cheap enough not to be what is measured. */
export class ApiClient {
  readonly #agent: Agent;

  constructor(
    readonly server: URL,
    readonly tls: { ca: Buffer; cert: Buffer; key: Buffer },
    connections = 16,
  ) {
    this.#agent = new Agent({ ...tls, keepAlive: true, maxSockets: connections });
  }

  static fromKubeconfig(text: string): ApiClient {
    const config = load(text) as Kubeconfig;
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user;
    if (!cluster || !user) throw new Error('the kubeconfig names no cluster or user');
    const decode = (base64: string) => Buffer.from(base64, 'base64');
    return new ApiClient(new URL(cluster.server), {
      ca: decode(cluster['certificate-authority-data']),
      cert: decode(user['client-certificate-data']),
      key: decode(user['client-key-data']),
    });
  }

  async json<T>(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<T> {
    const text = await this.text(method, path, body === undefined ? undefined : JSON.stringify(body), { 'content-type': contentType });
    return JSON.parse(text) as T;
  }

  text(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request(this.#options(method, path, headers), (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if ((response.statusCode ?? 500) < 400) resolve(text);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
        });
      });
      sent.on('error', reject);
      if (body !== undefined) sent.setHeader('content-length', Buffer.byteLength(body)); // Node sends none with a DELETE.
      sent.end(body);
    });
  }

  /** Opens a watch on a connection of its own; `onEvent` gets each frame's object. Returns how to end it. */
  watch(path: string, onEvent: (event: { type: string; object: Record<string, unknown> }) => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#options('GET', path, {}), agent: new Agent({ ...this.tls }) }, (response) => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) onEvent(JSON.parse(line));
        });
        response.on('error', () => {});
        resolve(() => sent.destroy());
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #options(method: string, path: string, headers: Record<string, string>): RequestOptions {
    return { agent: this.#agent, host: this.server.hostname, port: this.server.port, method, path, headers };
  }
}
