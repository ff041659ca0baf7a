import { expect, test } from 'vitest';
import { sessions } from './support/requests.ts';
import { check, fuzzTimeoutMs } from './support/run.ts';
import { checkRequest, checkStore, encodeProtobuf, fuzzedServer, servedResources } from './support/session.ts';

const resources = await servedResources(await fuzzedServer());

test('whatever is asked is answered, nothing refused is written, and what is stored stays valid', { timeout: fuzzTimeoutMs }, async () => {
  expect(resources.map((one) => one.kind)).toContain('Deployment');
  await check(sessions(resources, encodeProtobuf), 150, async (session) => {
    const server = await fuzzedServer();
    for (const request of session) await checkRequest(server, request);
    await checkStore(server, resources);
    await server.store.close();
  });
});
