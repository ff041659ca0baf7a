import { gunzipSync } from 'node:zlib';
import request from 'supertest';
import { expect, test } from 'vitest';
import { admin, testServer } from '../src/apiserver/testing/test-server.ts';
import { silentLog } from '../src/env/index.ts';
import { createApp } from './app.ts';

function app() {
  const server = testServer({ authenticators: [({ headers }) => (headers.authorization ? admin : undefined)] });
  const express = createApp({ handler: server.handler, log: silentLog });
  const as = (test: request.Test) => test.set('authorization', 'Bearer test');
  return {
    server,
    get: (path: string) => as(request(express).get(path)),
    post: (path: string, body: string | object) => as(request(express).post(path).type('json').send(body)),
    express,
  };
}

test('the API over Express answers with the headers and bodies of the real server', async () => {
  const { get, post, express } = app();
  expect((await request(express).get('/api/v1/pods')).body).toMatchObject({ code: 401, message: 'Unauthorized', reason: 'Unauthorized' });
  const made = await post('/api/v1/namespaces', { metadata: { name: 'facts' } });
  expect([made.status, made.headers['content-type'], made.headers['cache-control']]).toEqual([201, 'application/json', 'no-cache, private']);
  expect(made.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
  const unknown = await get('/apis/no.example.com/v1/things');
  expect([unknown.status, unknown.text, unknown.headers['content-type']]).toEqual([404, '404 page not found\n', 'text/plain; charset=utf-8']);
  const warned = await post('/api/v1/namespaces/facts/configmaps', { metadata: { name: 'x' }, bogus: 1 });
  expect(warned.headers.warning).toBe('299 - "unknown field \\"bogus\\""');
  const yaml = await get('/api/v1/namespaces/facts/configmaps/x').set('accept', 'application/yaml').buffer();
  expect(yaml.headers['content-type']).toBe('application/yaml');
  const message = '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf';
  expect((await get('/api/v1/namespaces/facts/configmaps/x').set('accept', 'text/plain')).body).toMatchObject({ code: 406, message });
});

test('bodies that are no bodies are refused, and the server goes on', async () => {
  const { post, get } = app();
  await post('/api/v1/namespaces', { metadata: { name: 'facts' } });
  for (const text of ['[]', 'null', '1', '"x"', '{', '{"metadata":[]}', '{"metadata":{"name":5}}', '{"kind":5}', '{"metadata":{"labels":"x"}}']) {
    const answer = await post('/api/v1/namespaces/facts/configmaps', text);
    expect(answer.status, text).toBeGreaterThanOrEqual(400);
    expect(answer.status, text).toBeLessThan(500);
  }
  expect((await get('/readyz')).text).toBe('ok');
});

test('a large list comes compressed to those who ask', async () => {
  const { post, get } = app();
  await post('/api/v1/namespaces', { metadata: { name: 'facts' } });
  for (const name of ['a', 'b']) await post('/api/v1/namespaces/facts/configmaps', { metadata: { name }, data: { big: 'x'.repeat(100_000) } });
  const answer = await get('/api/v1/namespaces/facts/configmaps')
    .set('accept-encoding', 'gzip')
    .buffer()
    .parse((response, done) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => done(null, Buffer.concat(chunks)));
    });
  expect(answer.headers['content-encoding']).toBe('gzip');
  const body = answer.body as Buffer;
  const text = body[0] === 0x1f ? gunzipSync(body).toString() : body.toString();
  expect((JSON.parse(text) as { items: object[] }).items).toHaveLength(2);
});
