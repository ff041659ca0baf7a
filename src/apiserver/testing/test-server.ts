import { readFileSync } from 'node:fs';
import type { Env } from '../../env/index.ts';
import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { loadProtobufSchema } from '../../machinery/codec/index.ts';
import type { ApiResponse, UserInfo } from '../../machinery/handler.ts';
import { loadSchema } from '../../machinery/schema/index.ts';
import { builtInStrategies } from '../../registry/built-in.ts';
import { IpAllocator, PortAllocator } from '../../registry/core/index.ts';
import { MemoryStore } from '../../store/index.ts';
import type { ApiServer, ApiServerOptions } from '../create-api-server.ts';
import { createApiServer } from '../create-api-server.ts';

const file = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../../generated/schema/${name}`, import.meta.url), 'utf8'));
const schema = loadSchema(file('defs.json'));
const protobufSchema = loadProtobufSchema(file('protobuf.json'));

export const admin: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

export interface TestServer extends ApiServer {
  readonly env: Env;
  readonly store: MemoryStore;
  /** A request as bytes, the answer as data. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: never; headers: ApiResponse['headers'] }>;
}

/**
 * An API server over a memory store, with the real strategies, on a clock that stands still. With `env` and `store` of an earlier
 * one it is that server restarted. For tests only.
 */
export function testServer(options: Partial<ApiServerOptions> & { readonly store?: MemoryStore } = {}): TestServer {
  const env = options.env ?? createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const store = options.store ?? new MemoryStore(env, { protobufSchema: () => protobufSchema });
  const pools = { ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator(30000, 32767) };
  const strategies = builtInStrategies(pools, { controllers: true });
  const server = createApiServer({ env, store, strategies, schema, protobufSchema: () => protobufSchema, ...options });
  return { ...server, env, store, ask: (...call) => ask(server, ...call) };
}

async function ask(
  { handler }: ApiServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: never; headers: ApiResponse['headers'] }> {
  const [pathname = '', search = ''] = path.split('?');
  const bytes = body === undefined ? undefined : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const response = await handler({
    method,
    path: pathname,
    query: new URLSearchParams(search),
    headers,
    user: admin,
    ...(bytes ? { body: { kind: 'bytes' as const, bytes, contentType: headers['content-type'] ?? 'application/json' } } : {}),
  });
  return { status: response.status, headers: response.headers, body: readAnswer(response) as never };
}

function readAnswer({ body }: ApiResponse): unknown {
  if (body.kind === 'bytes') return body.bytes;
  if (body.kind !== 'object') return body;
  const text = body.json();
  const written = typeof text === 'string' ? text : new TextDecoder().decode(text);
  return (body.contentType ?? 'application/json').startsWith('application/json') ? JSON.parse(written) : written;
}
