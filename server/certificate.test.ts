import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createClusterPki } from './tls.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

function madeWith(names: readonly string[] = []) {
  return createClusterPki({ names, serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: start });
}

test('a certificate tells subject, issuer, validity and use as OpenSSL reads them', async () => {
  const { admin, ca } = await madeWith();
  const certificate = new X509Certificate(admin.certificate);
  const authority = new X509Certificate(ca.certificate);
  expect(certificate.subject).toBe('O=system:masters\nCN=kubernetes-admin');
  expect(certificate.issuer).toBe('CN=kubernetes');
  expect(certificate.validFrom).toBe('Dec 31 23:55:00 2025 GMT');
  expect(certificate.validTo).toBe('Jan  1 00:00:00 2027 GMT');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate.ca).toBe(false);
  expect(authority.ca).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
});

test('several groups, long names and shortened addresses survive the encoding', async () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
  const pki = await madeWith([long, 'fd00:10:96::a', '::ffff:10.0.0.1']);
  const serving = new X509Certificate(pki.serving.certificate);
  expect(serving.checkHost(long)).toBe(long);
  expect(serving.checkIP('fd00:10:96::a')).toBe('fd00:10:96::a');
  const client = new X509Certificate((await pki.issueClient({ commonName: 'jürgen', organizations: ['one', 'two'] })).certificate);
  expect(client.subject.split('\n').slice(0, 2)).toEqual(['O=one', 'O=two']);
});

test('a validity beyond 2049 is written with four digits of the year', async () => {
  const { ca } = await createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.parse('2045-06-01T00:00:00Z') });
  expect(new X509Certificate(ca.certificate).validTo).toBe('May 30 00:00:00 2055 GMT');
});
