import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AuditEvent } from '../src/apiserver/index.ts';
import { readAccess } from './access.ts';
import { createTokenSigner } from './service-account-tokens.ts';
import { createClusterPki } from './tls.ts';

const folders: string[] = [];

function file(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'paperkube-access-'));
  folders.push(folder);
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n';

test('a cluster decides as kubeadm has it, unless said otherwise', () => {
  expect(readAccess({})).toMatchObject({ authorizationModes: ['Node', 'RBAC'], tokenFile: undefined, audit: undefined });
  expect(readAccess({ access: { authorizationModes: ['AlwaysAllow'] } }).authorizationModes).toEqual(['AlwaysAllow']);
});

test('files that make no sense are refused before anything starts', () => {
  expect(() => readAccess({ access: { tokenAuthFile: file('tokens.csv', 'a,b\n') } })).toThrow('token file, line 1');
  expect(() => readAccess({ access: { tokenAuthFile: '/nowhere/tokens.csv' } })).toThrow('ENOENT');
  expect(() => readAccess({ access: { auditPolicyFile: file('policy.yaml', 'kind: Policy\n') } })).toThrow('audit policy: apiVersion');
  expect(() => readAccess({ access: { auditLogPath: '-' } })).toThrow('nothing is audited without --audit-policy-file');
});

test('audit events are lines of a file', () => {
  const auditLogPath = file('audit.log', '');
  const { audit, close } = readAccess({ access: { auditLogPath, auditPolicyFile: file('policy.yaml', policy) } });
  audit?.sink({ kind: 'Event', verb: 'get' } as AuditEvent);
  close();
  audit?.sink({ kind: 'Event', verb: 'late' } as AuditEvent);
  expect(readFileSync(auditLogPath, 'utf8')).toBe('{"kind":"Event","verb":"get"}\n');
});

test('tokens are signed with a key whose public half can be shown', async () => {
  const pki = await createClusterPki({ names: [], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.parse('2026-01-01T00:00:00Z') });
  const signer = createTokenSigner(pki.serviceAccount);
  const signature = signer.sign('text');
  expect(signer.verify('text', signature)).toBe(true);
  expect(signer.verify('other', signature)).toBe(false);
  expect(signature).toHaveLength(64);
  expect(signer.publicKey).toMatchObject({ kty: 'EC', crv: 'P-256' });
  expect(signer.publicKey).not.toHaveProperty('d');
});
