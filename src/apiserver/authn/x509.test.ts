import { expect, test } from 'vitest';
import type { ApiRequest, ClientCertificate } from '../../machinery/handler.ts';
import { bearerAuthenticator, type TokenAuthenticator, unionAuthenticators } from './authenticator.ts';
import { x509Authenticator } from './x509.ts';

const tokens: TokenAuthenticator = { authenticate: (token) => (token === 'good' ? { user: { username: 'robot', groups: [] }, audiences: [] } : undefined) };
const union = unionAuthenticators([x509Authenticator, bearerAuthenticator(tokens, [])]);
const authenticate = async (asked: ApiRequest) => union(asked, { annotate() {}, warn() {} });
const request = (clientCertificate: ClientCertificate | undefined, token?: string): ApiRequest => ({
  method: 'GET',
  path: '/',
  query: new URLSearchParams(),
  headers: token ? { authorization: `Bearer ${token}` } : {},
  clientCertificate,
});
const jane = { commonName: 'jane', organizations: ['dev'], sha256: 'ab12' };

test('a certificate is its subject, and says which one it was', async () => {
  expect(await authenticate(request(jane))).toEqual({
    username: 'jane',
    groups: ['dev', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab12'] },
  });
});

test('a certificate that is not good does not stand in the way of a good token, and is refused without one', async () => {
  const untrusted = { ...jane, untrusted: true };
  expect(await authenticate(request(untrusted, 'good'))).toMatchObject({ username: 'robot' });
  await expect(authenticate(request(untrusted))).rejects.toMatchObject({ status: { code: 401 } });
  await expect(authenticate(request(untrusted, 'bad'))).rejects.toMatchObject({ status: { code: 401 } });
  expect(await authenticate(request(jane, 'bad'))).toMatchObject({ username: 'jane' });
  expect(await authenticate(request(undefined))).toBeUndefined();
});

test('the subject of a certificate may hold the uid of the user, once', async () => {
  expect(await authenticate(request({ ...jane, uids: ['u-7'] }))).toMatchObject({ username: 'jane', uid: 'u-7' });
  for (const uids of [['u-7', 'u-8'], ['']]) await expect(authenticate(request({ ...jane, uids }))).rejects.toMatchObject({ status: { code: 401 } });
});
