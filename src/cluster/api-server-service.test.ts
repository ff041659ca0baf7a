import { expect, test } from 'vitest';
import type { Log } from '../env/index.ts';
import { silentLog } from '../env/index.ts';
import type { ApiRequest, Handler } from '../machinery/index.ts';
import { apiServerService } from './api-server-service.ts';

const ask = (handler: Handler, target: string, log: Log = silentLog) =>
  apiServerService(handler, undefined, log).answer({ method: 'GET', target, headers: [], body: new Uint8Array(0), remoteAddress: '10.244.1.2' });

test('an error that the API did not foresee is a 500 inside the cluster, too, and the log tells of it', async () => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (...all: unknown[]) => errors.push(all) } as unknown as Log;
  const broken: Handler = () => Promise.reject(new Error('broken'));
  const answer = await ask(broken, '/api', log);
  expect([answer.status, JSON.parse(String(answer.body)).reason]).toEqual([500, 'InternalError']);
  expect(JSON.stringify(errors)).toContain('broken');
});

test('a query is read inside the cluster as it is outside', async () => {
  let seen: ApiRequest | undefined;
  const handler: Handler = async (request) => {
    seen = request;
    return { status: 200, headers: {}, body: { kind: 'none' } };
  };
  await ask(handler, '/api/v1/pods?limit=5&a=%zz&b;c=1');
  expect([seen?.path, seen?.query.toString()]).toEqual(['/api/v1/pods', 'limit=5']);
});
