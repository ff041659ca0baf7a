/** Certificate requests from the wish to the certificate, through all controllers that have a hand in them. */
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import { createClusterPki } from '../../server/tls.ts';
import { makeRequest } from '../../src/api/certificates/testing/make-request.ts';
import { createClient, refs, resourcePath } from '../../src/client/index.ts';
import type { UserInfo } from '../../src/machinery/handler.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const pki = await createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.parse('2026-06-01T12:00:00Z') });

async function cluster() {
  const { env, handler } = await simulatedCluster({ nodes: 0, components: ['api', 'controllers'], signCertificate: pki.sign });
  const clientOf = (user: UserInfo) => createClient(handler, user);
  const admin = clientOf({ username: 'admin', groups: ['system:masters'] });
  const ref = refs.certificateSigningRequests;
  return {
    env,
    admin,
    ask: async (name: string, request: string, spec: object, user?: UserInfo) => {
      const object = { metadata: { name }, spec: { request, ...spec } } as CertificateSigningRequest;
      await (user ? clientOf(user) : admin).resource<CertificateSigningRequest>(ref).create(object);
      await env.loop.settle();
    },
    approve: async (name: string, type = 'Approved') => {
      const found = await admin.resource<CertificateSigningRequest>(ref).get({ name });
      const conditions = [{ type, status: 'True', reason: 'Test', message: 'by hand' }];
      await admin.request('PUT', resourcePath(ref, undefined, name, 'approval'), { body: { ...found, status: { conditions } } });
      await env.loop.settle();
    },
    status: async (name: string) => {
      const { status } = await admin.resource<CertificateSigningRequest>(ref).get({ name });
      const pem = status?.certificate && Buffer.from(status.certificate, 'base64').toString();
      return { conditions: status?.conditions ?? [], certificate: pem ? new X509Certificate(pem) : undefined };
    },
    names: async () => (await admin.resource(ref).list()).items.map((one) => one.metadata?.name),
  };
}

const forClients = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };

test('a user’s request waits for approval, and is then a certificate of the cluster', async () => {
  const { ask, approve, status } = await cluster();
  await ask('jane', makeRequest({ commonName: 'jane', organizations: ['developers'] }), { ...forClients, expirationSeconds: 3600 });
  expect((await status('jane')).certificate).toBeUndefined();
  await approve('jane');
  const { certificate, conditions } = await status('jane');
  expect(conditions).toMatchObject([{ type: 'Approved', status: 'True', lastUpdateTime: expect.any(String), lastTransitionTime: expect.any(String) }]);
  expect(certificate?.subject).toBe('O=developers\nCN=jane');
  expect(certificate?.verify(new X509Certificate(pki.ca.certificate).publicKey)).toBe(true);
  expect([certificate?.keyUsage, certificate?.ca]).toEqual([['1.3.6.1.5.5.7.3.2'], false]);
  const lasts = Date.parse(certificate?.validTo ?? '') - Date.parse(certificate?.validFrom ?? '');
  expect(lasts).toBe((3600 + 300) * 1000);
});

test('what a signer does not sign fails with its reason, and what is denied or not its own stays as it is', async () => {
  const { ask, approve, status } = await cluster();
  const request = makeRequest({ commonName: 'jane' });
  await ask('server', request, { ...forClients, usages: ['server auth'] });
  await approve('server');
  expect((await status('server')).conditions[1]).toMatchObject({
    type: 'Failed',
    reason: 'SignerValidationFailure',
    message: 'invalid usage for client certificate: server auth',
  });
  await ask('kubelet', request, { signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth', 'digital signature'] });
  await approve('kubelet');
  expect((await status('kubelet')).conditions[1]?.message).toBe('subject organization is not system:nodes');
  await ask('denied', request, forClients);
  await approve('denied', 'Denied');
  await ask('foreign', request, { ...forClients, signerName: 'example.com/signer' });
  await approve('foreign');
  for (const name of ['server', 'kubelet', 'denied', 'foreign']) expect((await status(name)).certificate).toBeUndefined();
});

test('a kubelet’s request is approved where a role says that it may have its certificate', async () => {
  const { env, admin, ask, status } = await cluster();
  const node: UserInfo = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  const request = makeRequest({ commonName: 'system:node:n1', organizations: ['system:nodes'] });
  const spec = { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'] };
  await ask('n1', request, spec, node);
  expect((await status('n1')).conditions).toEqual([]);
  await admin.resource(refs.clusterRoleBindings).create({
    metadata: { name: 'rotation' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
  } as never);
  await env.loop.advance(30_000); // It is tried again with a growing delay.
  const { conditions, certificate } = await status('n1');
  expect(conditions).toMatchObject([
    { type: 'Approved', reason: 'AutoApproved', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' },
  ]);
  expect(certificate?.subject).toBe('O=system:nodes\nCN=system:node:n1');
});

test('requests that have their answer go after an hour, those that wait after a day', async () => {
  const { env, ask, approve, names } = await cluster();
  const request = makeRequest({ commonName: 'jane' });
  for (const name of ['issued', 'denied', 'waiting']) await ask(name, request, forClients);
  await approve('issued');
  await approve('denied', 'Denied');
  await env.loop.advance(3_600_000);
  expect(await names()).toEqual(['denied', 'issued', 'waiting']);
  await env.loop.advance(3_600_000);
  expect(await names()).toEqual(['waiting']);
  await env.loop.advance(25 * 3_600_000);
  expect(await names()).toEqual([]);
});
