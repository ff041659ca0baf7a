import { expect, test } from 'vitest';
import type { Pod } from '../../../generated/types/index.ts';
import { admissionFixture } from '../testing/fixture.ts';

const user = { username: 'system:node:worker', groups: ['system:nodes'] };

test('a node asks for tokens only for whom a volume of the pod names', async () => {
  const { storage, run } = admissionFixture();
  const sources = [{ serviceAccountToken: { path: 'token' } }, { serviceAccountToken: { path: 'vault', audience: 'vault' } }];
  const spec = { nodeName: 'worker', containers: [], volumes: [{ name: 'tokens', projected: { sources } }] };
  storage.put('pods', { metadata: { namespace: 'default', name: 'web', uid: 'p1' }, spec } as Pod);
  const ask = (...audiences: string[]) =>
    run('CREATE', 'serviceaccounts/token', {
      object: { spec: { audiences, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'p1' } } } as never,
      name: 'default',
      user,
    });
  await ask();
  await ask('vault');
  await expect(ask('bank')).rejects.toThrow(
    'audience "bank" not found in pod spec volume, system:node:worker is not authorized to request tokens for this audience',
  );
  await expect(ask('vault', 'bank')).rejects.toThrow('node may only request 0 or 1 audiences');
});

test('a node asks for certificates in its own name alone', async () => {
  const { run } = admissionFixture();
  const resource = { group: 'certificates.k8s.io', version: 'v1', resource: 'certificatesigningrequests' };
  const ask = (signerName: string) => run('CREATE', '', { object: { spec: { signerName, request: '' } } as never, resource, user });
  await expect(ask('kubernetes.io/kubelet-serving')).rejects.toThrow('unable to parse csr: PEM block type must be CERTIFICATE REQUEST');
  await ask('example.com/any');
});

test('a node does not choose who owns it', async () => {
  const { run } = admissionFixture();
  const owned = { metadata: { name: 'worker', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u' }] } };
  await expect(run('UPDATE', 'nodes', { object: owned, oldObject: { metadata: { name: 'worker' } }, user })).rejects.toThrow(
    'node "worker" is not allowed to modify ownerReferences',
  );
});

test('a node does not say where its configuration lies', async () => {
  const { run } = admissionFixture();
  const spec = { configSource: { configMap: { name: 'a', namespace: 'b', kubeletConfigKey: 'c' } } };
  const named = { metadata: { name: 'worker' } };
  await expect(run('UPDATE', 'nodes', { object: { ...named, spec } as never, oldObject: named, user })).rejects.toThrow(
    'node "worker" is not allowed to update configSource to a new non-nil configSource',
  );
  await expect(run('CREATE', 'nodes', { object: { ...named, spec } as never, user })).rejects.toThrow(
    'node "worker" is not allowed to create pods with a non-nil configSource',
  );
});
