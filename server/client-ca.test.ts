import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pemBlocks } from '../src/machinery/pem.ts';
import { parseConfig } from './cli/config-file.ts';
import type { RunningServer, StartOptions } from './cli/index.ts';
import { startOptions } from './cli/options.ts';
import { readClientCa } from './client-ca.ts';
import { startServer } from './start-server.ts';
import { type ClusterPki, createClusterPki, type KeyPair } from './tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'paperkube-client-ca-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const dayMs = 24 * 3_600_000;
const authority = (nowMs = Date.now()) => createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs });
const jane = { commonName: 'jane', organizations: ['developers', 'testers'] };

describe('a server with two further authorities', () => {
  let server: RunningServer;
  let company: ClusterPki;
  let partner: ClusterPki;
  let proxies: ClusterPki;
  beforeAll(async () => {
    [company, partner, proxies] = await Promise.all([authority(Date.now() - 2 * 365 * dayMs), authority(), authority()]);
    const options: StartOptions = {
      name: 'client-ca',
      host: '127.0.0.1',
      port: 0,
      http: false,
      clock: 'real',
      clockStart: undefined,
      seed: 1,
      nodes: [],
      components: ['api'],
      dnsPort: undefined,
      logLevel: 'silent',
      access: {
        clientCa: file('ca.crt', `# ours\n${company.ca.certificate}\n${partner.ca.certificate}`),
        requestHeaders: {
          clientCaFile: file('proxies.crt', proxies.ca.certificate),
          headers: {
            usernameHeaders: ['X-Remote-User'],
            uidHeaders: ['X-Remote-Uid'],
            groupHeaders: ['X-Remote-Group'],
            extraHeaderPrefixes: ['X-Remote-Extra-'],
            allowedNames: ['front-proxy-client'],
          },
        },
      },
    };
    server = await startServer(options);
  });
  afterAll(() => server.stop());

  const ask = (path: string, pair?: KeyPair, headers: Record<string, string | string[]> = {}) =>
    new Promise<{ status: number; body: never }>((resolve, reject) => {
      const client = pair ? { cert: pair.certificate, key: pair.key } : {};
      const options = {
        host: '127.0.0.1',
        port: server.port,
        path,
        method: path.includes('review') ? 'POST' : 'GET',
        ca: server.kubeconfig.certificateAuthority,
      };
      const outgoing = request({ ...options, ...client, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as never }));
      });
      outgoing.on('error', reject).end(path.includes('review') ? '{}' : undefined);
    });
  const whoAmI = async (pair?: KeyPair, headers?: Record<string, string | string[]>) => {
    const { status, body } = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', pair, headers);
    return { status, user: (body as { status?: { userInfo?: object } }).status?.userInfo };
  };

  test('knows the users of each, and those of its own authority', async () => {
    const user = { username: 'jane', groups: ['developers', 'testers', 'system:authenticated'] };
    expect(await whoAmI(await partner.issueClient(jane))).toMatchObject({ status: 201, user });
    const admin = server.kubeconfig.client as KeyPair;
    expect(await whoAmI(admin)).toMatchObject({
      status: 201,
      user: { username: 'kubernetes-admin', extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)] } },
    });
  });

  test('lets nobody in with a certificate whose time is over, that is for servers, or that somebody else has signed', async () => {
    expect(await whoAmI(await company.issueClient(jane))).toMatchObject({ status: 401 });
    expect(await whoAmI(partner.serving)).toMatchObject({ status: 401 });
    expect(await whoAmI(await (await authority()).issueClient(jane))).toMatchObject({ status: 401 });
  });

  test('believes the headers of a front proxy, and of nobody else', async () => {
    const headers = {
      'x-remote-user': 'cn=eve, ou=people',
      'x-remote-uid': '7',
      'x-remote-group': ['cn=devs, ou=groups', 'testers'],
      'x-remote-extra-acme.com%2fscope': ['a', 'b'],
    };
    const user = {
      username: 'cn=eve, ou=people',
      uid: '7',
      groups: ['cn=devs, ou=groups', 'testers', 'system:authenticated'],
      extra: { 'acme.com/scope': ['a', 'b'] },
    };
    const proxy = await proxies.issueClient({ commonName: 'front-proxy-client', organizations: ['system:masters'] });
    expect(await whoAmI(proxy, headers)).toEqual({ status: 201, user });
    // All authorities here have the same name: it is signatures that count.
    expect(await whoAmI(proxy)).toMatchObject({ status: 401 });
    expect(await whoAmI(await proxies.issueClient(jane), headers)).toMatchObject({ status: 401 });
    const imposter = await partner.issueClient({ commonName: 'front-proxy-client', organizations: [] });
    expect(await whoAmI(imposter, headers)).toMatchObject({ status: 201, user: { username: 'front-proxy-client', groups: ['system:authenticated'] } });
    expect(await whoAmI(undefined, headers)).toMatchObject({ status: 401 });
  });

  test('tells extension API servers how front proxies are known', async () => {
    const admin = server.kubeconfig.client as KeyPair;
    const { body } = await ask('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication', admin);
    expect((body as { data: Record<string, string> }).data).toMatchObject({
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': expect.stringContaining('BEGIN CERTIFICATE'),
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    });
  });

  test('asks what they may do', async () => {
    const pair = await partner.issueClient(jane);
    expect(await ask('/api/v1/namespaces/default/pods', pair)).toMatchObject({
      status: 403,
      body: { message: 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"' },
    });
    const masters = await partner.issueClient({ commonName: 'boss', organizations: ['system:masters'] });
    expect(await ask('/api/v1/namespaces/default/pods', masters)).toMatchObject({ status: 200 });
  });

  test('tells extension API servers of all authorities', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    const { body } = await ask(path, server.kubeconfig.client as KeyPair);
    const { data } = body as { data: Record<string, string> };
    expect(Object.keys(data).filter((key) => !key.startsWith('requestheader-'))).toEqual(['client-ca-file']);
    expect([...pemBlocks(data['client-ca-file'] ?? '')].map((one) => one.type)).toEqual(['CERTIFICATE', 'CERTIFICATE', 'CERTIFICATE']);
  });
});

test('a file without an authority, or with half of one, ends the start with a sentence', async () => {
  const { ca } = await authority();
  expect(() => readClientCa('--client-ca', '/nowhere/ca.crt')).toThrow('--client-ca /nowhere/ca.crt: ENOENT');
  expect(() => readClientCa('--client-ca', file('empty.crt', ''))).toThrow('it holds no certificate');
  expect(() => readClientCa('--client-ca', file('key.crt', ca.key))).toThrow('it holds no certificate');
  const half = ca.certificate.replace(/\n[^\n]*\n[^\n]*\n/, '\n');
  expect(() => readClientCa('--client-ca', file('half.crt', `${ca.certificate}\n${half}`))).toThrow('certificate 2 of 2 cannot be parsed');
  expect(() => readClientCa('--client-ca', file('joined.crt', ca.certificate.trim() + ca.certificate))).toThrow('it holds no certificate');
  expect(() => readClientCa('--client-ca', file('huge.crt', ' '.repeat(1024 * 1024 + 1)))).toThrow('more than 1 MiB');
  expect(readClientCa('--client-ca', file('mixed.crt', `${ca.key}\ntext\n${ca.certificate}`))).toHaveLength(1);
});

test('a configuration file names its authorities beside itself, a flag wins, and plain HTTP has none', () => {
  const config = file('cluster.yaml', 'apiVersion: paperkube.dev/v1alpha1\nkind: Cluster\nclientCa: ca.crt\n');
  const flags = { host: '127.0.0.1', verbose: 0, config };
  const clientCa = (more: object) => startOptions({ ...flags, ...more }, { name: 'default' }).access?.clientCa;
  expect(clientCa({})).toBe(join(folder, 'ca.crt'));
  expect(clientCa({ clientCa: 'mine.crt' })).toBe('mine.crt');
  expect(() => clientCa({ http: true })).toThrow('clientCa: over plain HTTP no client shows a certificate');
  expect(() => parseConfig('apiVersion: paperkube.dev/v1alpha1\nkind: Cluster\nclientCa: 5\n', '-')).toThrow('clientCa: 5 will not do');
});
