import { expect, test } from 'vitest';
import { credentialsFromApi, credentialsOf } from './pull-credentials.ts';

const encode = (text: string) => Buffer.from(text).toString('base64');

test('credentials come out of both kinds of registry secrets, broken ones give none', () => {
  const auths = { 'registry.example.com': { auth: encode('user:pass:word') }, 'https://index.docker.io/v1/': { username: 'a', password: 'b' } };
  const json = { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encode(JSON.stringify({ auths })) } };
  const expected = [
    { registry: 'registry.example.com', username: 'user', password: 'pass:word' },
    { registry: 'https://index.docker.io/v1/', username: 'a', password: 'b' },
  ];
  expect(credentialsOf(json)).toEqual(expected);
  expect(credentialsOf({ type: 'kubernetes.io/dockercfg', data: { '.dockercfg': encode(JSON.stringify(auths)) } })).toEqual(expected);
  expect(credentialsOf({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': encode('{') } })).toEqual([]);
  expect(credentialsOf({ type: 'Opaque' })).toEqual([]);
});

test('a secret that is not there is told by its name', async () => {
  const data = { '.dockerconfigjson': encode(JSON.stringify({ auths: { 'registry.example.com': { username: 'a', password: 'b' } } })) };
  const get = async ({ name }: { name: string }) => {
    if (name !== 'there') throw new Error('not found');
    return { type: 'kubernetes.io/dockerconfigjson', data };
  };
  const read = credentialsFromApi({ secrets: { get } } as never);
  const pod = { metadata: { namespace: 'default' }, spec: { containers: [], imagePullSecrets: [{ name: 'gone' }, {}, { name: 'there' }] } };
  expect(await read(pod)).toEqual({ found: [{ registry: 'registry.example.com', username: 'a', password: 'b' }], missing: ['gone'] });
});
