import { beforeEach, expect, test } from 'vitest';
import type { TestServer } from '../apiserver/testing/test-server.ts';
import { testServer } from '../apiserver/testing/test-server.ts';
import { warningsOf } from '../apiserver/testing/warnings.ts';

let server: TestServer;

beforeEach(async () => {
  server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
});

/** What is told of an object, beside that nothing acts on it. */
async function warned(path: string, object: object, method?: string): Promise<string[]> {
  const texts = await warningsOf(server, path, object, method);
  return texts.filter((text) => !text.startsWith('paperkube '));
}

const [core, apps, batch] = ['/api/v1/namespaces/facts', '/apis/apps/v1/namespaces/facts', '/apis/batch/v1/namespaces/facts'];
const labels = { a: 'b' };
const selector = { matchLabels: labels };
const oddTemplate = { metadata: { labels }, spec: { nodeSelector: { 'node-role.kubernetes.io/master': '' }, containers: [{ name: 'c', image: 'i' }] } };
const master = (at: string) => `${at}.spec.nodeSelector[node-role.kubernetes.io/master]: use "node-role.kubernetes.io/control-plane" instead`;
const dotted =
  'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]';
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1500m' } } };

test('every workload tells of what is odd in its pod template when it is created, and again when it changes', async () => {
  const template = oddTemplate;
  const jobTemplate = { ...oddTemplate, spec: { ...oddTemplate.spec, restartPolicy: 'Never' } };
  const [inTemplate, inCron] = [master('spec.template'), master('spec.jobTemplate.spec.template')];
  const cases: [path: string, spec: object, changed: object, created: string[], updated: string[]][] = [
    [`${apps}/daemonsets`, { selector, template }, { minReadySeconds: 1 }, [inTemplate], []],
    [`${apps}/replicasets`, { selector, template }, { replicas: 2 }, [dotted, inTemplate], [inTemplate]],
    [`${core}/replicationcontrollers`, { selector: labels, template }, { replicas: 2 }, [dotted, inTemplate], [inTemplate]],
    [`${batch}/jobs`, { template: jobTemplate, completions: 1, manualSelector: true, selector }, { parallelism: 2 }, [dotted, inTemplate], [inTemplate]],
    [`${batch}/cronjobs`, { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } }, { suspend: true }, [dotted, inCron], [inCron]],
  ];
  for (const [path, spec, changed, created, updated] of cases) {
    const object = { metadata: { name: 'w.x' }, spec };
    expect(await warned(path, object), path).toEqual(created);
    expect(await warned(`${path}/w.x`, object, 'PUT'), path).toEqual([]);
    expect(await warned(`${path}/w.x`, { ...object, spec: { ...spec, ...changed } }, 'PUT'), path).toEqual(updated);
  }
});

test('a stateful set tells of its templates of claims and of its history', async () => {
  const volumeClaimTemplates = [{ metadata: { name: 'v' }, spec: claim }];
  const set = { metadata: { name: 's' }, spec: { selector, serviceName: 's', template: oddTemplate, revisionHistoryLimit: -1, volumeClaimTemplates } };
  const fraction = 'resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer';
  const history = 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
  expect(await warned(`${apps}/statefulsets`, set)).toEqual([master('spec.template'), `spec.volumeClaimTemplates[0].${fraction}`, history]);
  expect(await warned(`${apps}/statefulsets/s`, set, 'PUT')).toEqual([`spec.volumeClaimTemplates[0].Spec.${fraction}`, history]);
});

test('a pod tells of a claim of its own, of addresses in odd forms, and of preferred nodes that cannot be', async () => {
  const matchExpressions = [{ key: 'beta.kubernetes.io/os', operator: 'In', values: ['ok', 'a b'] }];
  const preferred = [{ weight: 1, preference: { matchExpressions } }];
  const spec = {
    serviceAccountName: 'default',
    containers: [{ name: 'c', image: 'i' }],
    volumes: [{ name: 'e', ephemeral: { volumeClaimTemplate: { spec: claim } } }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['::ffff:1.2.3.4'] },
    hostAliases: [{ ip: '010.0.0.1', hostnames: ['x'] }],
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } },
  };
  const expression = 'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0]';
  expect(await warned(`${core}/pods`, { metadata: { name: 'p' }, spec })).toEqual([
    `${expression}.key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead`,
    expect.stringContaining(`${expression}.values[1]: a b is invalid, a valid label must be an empty string or consist of`),
    'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    'spec.dnsConfig.nameservers[0]: non-standard IP address "::ffff:1.2.3.4" will be considered invalid in a future Kubernetes release: use "1.2.3.4"',
    'spec.hostAliases[0].ip: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
  ]);
});

test('a job so wide that its failures cannot be told apart says so', async () => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const wide = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001, template };
  expect(await warned(`${batch}/jobs`, { metadata: { name: 'j' }, spec: wide })).toEqual([
    'spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
  ]);
});

test('volumes and claims tell of what is deprecated in them', async () => {
  const metadata = { name: 'v', annotations: { 'volume.beta.kubernetes.io/mount-options': 'ro' } };
  const base = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
  const nodeSelectorTerms = [{ matchExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'In', values: ['z'] }] }];
  const recycled = { ...base, nfs: { server: 's', path: '/x' }, persistentVolumeReclaimPolicy: 'Recycle', nodeAffinity: { required: { nodeSelectorTerms } } };
  expect(await warned('/api/v1/persistentvolumes', { metadata, spec: recycled })).toEqual([
    'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
    'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ]);
  const storageos = { volumeName: 'a', volumeNamespace: 'b' };
  expect(await warned('/api/v1/persistentvolumes', { metadata: { name: 'w' }, spec: { ...base, storageos } })).toEqual([
    'spec.storageOS: deprecated in v1.22, non-functional in v1.25+',
  ]);
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'x' };
  expect(await warned(`${core}/persistentvolumeclaims`, { metadata: { name: 'c', annotations }, spec: claim })).toEqual([
    'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
  ]);
});

test('an account tells of the annotation that limits its Secrets, when it gets it', async () => {
  const account = { metadata: { name: 'a', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } };
  const text =
    'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets';
  expect(await warned(`${core}/serviceaccounts`, account)).toEqual([text]);
  expect(await warned(`${core}/serviceaccounts/a`, account, 'PUT')).toEqual([]);
});

test('endpoints, slices and network policies tell of addresses in odd forms, unless a controller wrote them', async () => {
  const odd = 'non-standard IP address "010.1.2.3" will be considered invalid in a future Kubernetes release: use "10.1.2.3"';
  const subsets = [{ addresses: [{ ip: '010.1.2.3' }], ports: [{ port: 1 }] }];
  expect(await warned(`${core}/endpoints`, { metadata: { name: 'e' }, subsets })).toContain(`subsets[0].addresses[0].ip: ${odd}`);
  const slices = '/apis/discovery.k8s.io/v1/namespaces/facts/endpointslices';
  const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['010.1.2.3'] }], ports: [] };
  expect(await warned(slices, { metadata: { name: 's' }, ...slice })).toEqual([`endpoints[0].addresses[0]: ${odd}`]);
  const made = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
  expect(await warned(slices, { metadata: { name: 't', labels: made }, ...slice })).toEqual([]);
  const names = { addressType: 'FQDN', endpoints: [{ addresses: ['a.example'] }], ports: [] };
  expect(await warned(slices, { metadata: { name: 'f' }, ...names })).toEqual(['spec.addressType: FQDN endpoints are deprecated']);
  const policy = { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.1/16'] } }] }] };
  expect(await warned('/apis/networking.k8s.io/v1/namespaces/facts/networkpolicies', { metadata: { name: 'n' }, spec: policy })).toEqual([
    'spec.egress[0].to[0].ipBlock.except[0]: CIDR value "10.1.0.1/16" is ambiguous in this context (should be "10.1.0.0/16" or "10.1.0.1/32"?)',
  ]);
});

test('a slice of IPv6 addresses takes them only as they should be written', async () => {
  const refused = async (addresses: string[], addressType = 'IPv6'): Promise<string> => {
    const slice = { metadata: { name: 's' }, addressType, endpoints: [{ addresses }], ports: [] };
    const { body } = await server.ask('POST', '/apis/discovery.k8s.io/v1/namespaces/facts/endpointslices', slice);
    return (body as { message: string }).message.replace('EndpointSlice.discovery.k8s.io "s" is invalid: endpoints[0].addresses', '');
  };
  expect(await refused(['2001:DB8:0:0::1'])).toBe('[0]: Invalid value: "2001:DB8:0:0::1": must be in canonical form ("2001:db8::1")');
  expect(await refused(['::ffff:1.2.3.4'])).toBe('[0]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address');
  expect(await refused(['::ffff:01.2.3.4'])).toBe('[0]: Invalid value: "::ffff:01.2.3.4": must not have leading 0s');
  expect(await refused(['x'])).toBe('[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  expect(await refused(['1.2.3.4'])).toBe(': Invalid value: "1.2.3.4": must be an IPv6 address');
  expect(await refused(['2001:db8::1'], 'IPv4')).toBe(': Invalid value: "2001:db8::1": must be an IPv4 address');
});

test('classes and capacities tell of labels that nodes no longer have', async () => {
  const zone = { key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] };
  const topology = { metadata: { name: 'c' }, provisioner: 'p', allowedTopologies: [{ matchLabelExpressions: [zone] }] };
  expect(await warned('/apis/storage.k8s.io/v1/storageclasses', topology)).toEqual([
    'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ]);
  const nodeTopology = { matchLabels: { 'beta.kubernetes.io/os': 'l' }, matchExpressions: [{ key: 'beta.kubernetes.io/arch', operator: 'Exists' }] };
  const capacity = { metadata: { name: 'c' }, storageClassName: 'c', nodeTopology };
  expect(await warned('/apis/storage.k8s.io/v1/namespaces/facts/csistoragecapacities', capacity)).toEqual([
    'nodeTopology.matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
    'nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead',
  ]);
  const runtime = { metadata: { name: 'r' }, handler: 'h', scheduling: { nodeSelector: { 'beta.kubernetes.io/arch': 'x' } } };
  expect(await warned('/apis/node.k8s.io/v1/runtimeclasses', runtime)).toEqual([
    'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/arch" instead',
  ]);
});

test('a node loses what nothing reads any more, and tells of the rest', async () => {
  const configSource = { configMap: { name: 'a', namespace: 'b', kubeletConfigKey: 'c' } };
  const node = { metadata: { name: 'n' }, spec: { configSource, externalID: 'x', podCIDR: '10.9.0.1/24', podCIDRs: ['10.9.0.1/24'] } };
  const texts = [
    'spec.externalID: this field is deprecated, and is unused by Kubernetes',
    'spec.podCIDRs[0]: CIDR value "10.9.0.1/24" is ambiguous in this context (should be "10.9.0.0/24" or "10.9.0.1/32"?)',
  ];
  expect(await warned('/api/v1/nodes', node)).toEqual(texts);
  expect(await warned('/api/v1/nodes/n', node, 'PUT')).toEqual(texts);
  const { body } = await server.ask('GET', '/api/v1/nodes/n');
  expect((body as { spec: object }).spec).not.toHaveProperty('configSource');
});
