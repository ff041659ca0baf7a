import { expect, test } from 'vitest';
import { credentialsOf } from './pull-credentials.ts';

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
