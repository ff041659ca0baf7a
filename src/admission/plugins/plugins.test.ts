import { expect, test } from 'vitest';
import type { Namespace, Pod, ServiceAccount } from '../../../generated/types/index.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { AdmissionChain } from '../chain.ts';
import { standingEnv } from '../testing/fixture.ts';
import type { AdmissionAttributes, ObjectReader, Operation } from '../types.ts';
import { builtInPlugins } from './index.ts';

/** A reader over a few objects, by `resource/namespace/name`. */
function readerOf(objects: Readonly<Record<string, KubeObject>>): ObjectReader {
  return {
    get: async <T extends KubeObject>({ resource }: { resource: string }, namespace: string | undefined, name: string) =>
      objects[`${resource}/${namespace ?? ''}/${name}`] as T | undefined,
    list: async () => [],
  };
}

const active: Namespace = { status: { phase: 'Active' } };
const objects = {
  'namespaces//default': active,
  'namespaces//ending': { status: { phase: 'Terminating' } } as Namespace,
  'serviceaccounts/default/default': {} as ServiceAccount,
};
const ids = { uid: () => '', nameSuffix: () => 'abcde', containerId: () => '' };
const chain = new AdmissionChain(builtInPlugins({ reader: readerOf(objects), ids }), standingEnv());

function request(operation: Operation, resource: string, namespace: string, name: string, object: KubeObject): AdmissionAttributes {
  const kind = { group: '', version: 'v1', kind: '' };
  return {
    operation,
    resource: { group: '', version: 'v1', resource },
    subresource: '',
    kind,
    namespace,
    name,
    object,
    oldObject: undefined,
    user: { username: 'a', groups: [] },
    dryRun: false,
    warn() {},
  };
}

test('a pod gets its account, its token, its priority and five minutes on a lost node', async () => {
  const pod: Pod = { spec: { initContainers: [{ name: 'i' }], containers: [{ name: 'c' }] } };
  await chain.admit(request('CREATE', 'pods', 'default', 'p', pod));
  const mount = { name: 'kube-api-access-abcde', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  expect(pod.spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default', priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  expect(pod.spec?.containers[0]?.volumeMounts).toEqual([mount]);
  expect(pod.spec?.initContainers?.[0]?.volumeMounts).toEqual([mount]);
  expect(pod.spec?.volumes?.[0]?.projected?.sources?.[0]).toEqual({ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } });
  expect(pod.spec?.tolerations?.map((one) => one.tolerationSeconds)).toEqual([300, 300]);
});

test('a missing service account is refused by name', async () => {
  const pod: Pod = { spec: { serviceAccountName: 'absent', containers: [] } };
  const text = 'pods "p" is forbidden: error looking up service account default/absent: serviceaccount "absent" not found';
  await expect(chain.admit(request('CREATE', 'pods', 'default', 'p', pod))).rejects.toThrow(text);
});

test('nothing is created in a namespace that is missing or ending, and the system keeps its own', async () => {
  await expect(chain.admit(request('CREATE', 'configmaps', 'absent', 'x', {}))).rejects.toThrow('namespaces "absent" not found');
  const text = 'configmaps "x" is forbidden: unable to create new content in namespace ending because it is being terminated';
  await expect(chain.admit(request('CREATE', 'configmaps', 'ending', 'x', {}))).rejects.toThrow(text);
  await expect(chain.admit(request('DELETE', 'namespaces', '', 'default', {}))).rejects.toThrow(
    'namespaces "default" is forbidden: this namespace may not be deleted',
  );
  await chain.admit(request('DELETE', 'configmaps', 'ending', 'x', {}));
});
