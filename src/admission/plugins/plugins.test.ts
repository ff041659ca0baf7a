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

test('a missing service account is refused by name, and one whose name no path can hold is not looked for', async () => {
  for (const [name, why] of [
    ['absent', 'serviceaccount "absent" not found'],
    ['101%', `invalid resource name "101%": [may not contain '%']`],
  ]) {
    const pod: Pod = { spec: { serviceAccountName: name, containers: [] } };
    const text = `pods "p" is forbidden: error looking up service account default/${name}: ${why}`;
    await expect(chain.admit(request('CREATE', 'pods', 'default', 'p', pod))).rejects.toThrow(text);
  }
});

test('a pod that comes right after its namespace waits for the account that a controller makes', async () => {
  const late: Record<string, KubeObject> = { 'namespaces//default': active };
  let turns = 0;
  const pause = async () => {
    turns += 1;
    if (turns === 3) late['serviceaccounts/default/default'] = {} as ServiceAccount;
  };
  const patient = new AdmissionChain(builtInPlugins({ reader: readerOf(late), ids, pause }), standingEnv());
  const pod = (serviceAccountName?: string): Pod => ({ spec: { containers: [{ name: 'c' }], ...(serviceAccountName ? { serviceAccountName } : {}) } });
  await patient.admit(request('CREATE', 'pods', 'default', 'p', pod()));
  expect(turns).toBe(3);
  await expect(patient.admit(request('CREATE', 'pods', 'default', 'p', pod('other')))).rejects.toThrow('serviceaccount "other" not found');
  expect(turns).toBe(3); // Accounts that people make are not waited for.
});

test('an account may keep its pods to the secrets that it lists', async () => {
  const account: ServiceAccount = {
    metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
    secrets: [{ name: 'mine' }],
    imagePullSecrets: [{ name: 'pull' }],
  };
  const strict = new AdmissionChain(builtInPlugins({ reader: readerOf({ ...objects, 'serviceaccounts/default/strict': account }), ids }), standingEnv());
  const admit = (spec: object) => {
    const pod = { metadata: { name: 'p' }, spec: { serviceAccountName: 'strict', containers: [{ name: 'c' }], ...spec } } as Pod;
    return strict.admit(request('CREATE', 'pods', 'default', 'p', pod));
  };
  const behind = 'is not allowed because service account strict does not reference that';
  const key = (name: string) => ({ name: 'A', valueFrom: { secretKeyRef: { name, key: 'k' } } });
  await admit({ volumes: [{ name: 'v', secret: { secretName: 'mine' } }], containers: [{ name: 'c', env: [key('mine')] }] });
  await expect(admit({ volumes: [{ name: 'v', secret: { secretName: 'other' } }] })).rejects.toThrow(`volume with secret.secretName="other" ${behind} secret`);
  await expect(admit({ initContainers: [{ name: 'i', env: [key('other')] }] })).rejects.toThrow(
    `init container i with envVar A referencing secret.secretName="other" ${behind} secret`,
  );
  await expect(admit({ containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'other' } }] }] })).rejects.toThrow(
    `container c with envFrom referencing secret.secretName="other" ${behind} secret`,
  );
  await expect(admit({ imagePullSecrets: [{ name: 'pull' }, { name: 'other' }] })).rejects.toThrow(
    `imagePullSecrets[1].name="other" ${behind} imagePullSecret`,
  );
});

test('a mirror pod asks for nothing that only the API has', async () => {
  const mirror = (spec: object) => {
    const annotations = { 'kubernetes.io/config.mirror': 'x' };
    const pod = { metadata: { name: 'p', annotations }, spec: { containers: [{ name: 'c' }], ...spec } } as Pod;
    return chain.admit(request('CREATE', 'pods', 'default', 'p', pod));
  };
  await expect(mirror({ serviceAccountName: 'default' })).rejects.toThrow('a mirror pod may not reference service accounts');
  await expect(mirror({ volumes: [{ name: 'v', azureFile: { secretName: 's', shareName: 'x' } }] })).rejects.toThrow('a mirror pod may not reference secrets');
  await expect(mirror({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] })).rejects.toThrow(
    'a mirror pod may not use ServiceAccountToken volume projections',
  );
});

test('nothing is created in a namespace that is missing or ending, and the system keeps its own', async () => {
  await expect(chain.admit(request('CREATE', 'configmaps', 'absent', 'x', {}))).rejects.toThrow('namespaces "absent" not found');
  const text = 'configmaps "x" is forbidden: unable to create new content in namespace ending because it is being terminated';
  await expect(chain.admit(request('CREATE', 'configmaps', 'ending', 'x', {}))).rejects.toThrow(text);
  await expect(chain.admit(request('DELETE', 'namespaces', '', 'default', {}))).rejects.toThrow(
    'namespaces "default" is forbidden: this namespace may not be deleted',
  );
  await chain.admit(request('DELETE', 'namespaces', '', 'kube-node-lease', {})); // Which the server makes anew.
  await chain.admit(request('DELETE', 'configmaps', 'ending', 'x', {}));
});
