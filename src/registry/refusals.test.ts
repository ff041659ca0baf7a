import { expect, test } from 'vitest';
import { testServer } from '../apiserver/testing/test-server.ts';

async function ask(
  method: string,
  path: string,
  body: object,
): Promise<{ answered: number; message: string | undefined; metadata: { name?: string; managedFields?: unknown } }> {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const { status, body: answer } = await server.ask(method, path, body);
  return { answered: status, ...(answer as { message?: string; metadata: object }) } as never;
}

const label = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character";

test('a definition of custom resources without a spec is told all that it lacks', async () => {
  const { message } = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { metadata: { name: 'things.example.com' } });
  expect(message).toBe(
    'CustomResourceDefinition.apiextensions.k8s.io "things.example.com" is invalid: [' +
      'metadata.name: Invalid value: "things.example.com": must be spec.names.plural+"."+spec.group, spec.group: Required value, spec.scope: Required value, ' +
      'spec.versions: Invalid value: []apiextensions.CustomResourceDefinitionVersion(nil): must have exactly one version marked as storage version, ' +
      'spec.names.plural: Required value, spec.names.singular: Required value, spec.names.kind: Required value, spec.names.listKind: Required value, ' +
      'status.storedVersions: Invalid value: []string(nil): must have at least one stored version]',
  );
});

test('all that is wrong with a name of a custom resource is one mistake', async () => {
  const names = { plural: 'things', kind: 'Thi_ng' };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
  const spec = { group: 'example', scope: 'Namespaced', names, versions };
  const { message } = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { metadata: { name: 'things.example' }, spec });
  expect(message).toContain('spec.group: Invalid value: "example": should be a domain with at least one dot');
  expect(message).toContain(`spec.names.kind: Invalid value: "Thi_ng": may have mixed case, but should otherwise match: ${label}`);
});

test('a definition that is in use keeps its scope and kind, and its group and plural in any case', async () => {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const at = `${definitions}/things.example.com`;
  const merge = { 'content-type': 'application/merge-patch+json' };
  const server = testServer();
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
  const spec = { group: 'example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions };
  await server.ask('POST', definitions, { metadata: { name: 'things.example.com' }, spec });
  const patched = async (path: string, patch: object): Promise<{ message?: string }> => (await server.ask('PATCH', path, patch, merge)).body;
  expect((await patched(at, { spec: { group: 'other.com' } })).message).toBe(
    'CustomResourceDefinition.apiextensions.k8s.io "things.example.com" is invalid: spec.group: Invalid value: "other.com": field is immutable',
  );
  expect((await patched(at, { spec: { scope: 'Cluster' } })).message).toBeUndefined();
  await patched(`${at}/status`, { status: { conditions: [{ type: 'Established', status: 'True', reason: 'R', message: '' }] } });
  expect((await patched(at, { spec: { scope: 'Namespaced', names: { kind: 'Other' } } })).message).toBe(
    'CustomResourceDefinition.apiextensions.k8s.io "things.example.com" is invalid: ' +
      '[spec.scope: Invalid value: "Namespaced": field is immutable, spec.names.kind: Invalid value: "Other": field is immutable]',
  );
});

test('the pod range of a node stays, though a client may know only the field of old', async () => {
  const server = testServer();
  await server.ask('POST', '/api/v1/nodes', { metadata: { name: 'n' }, spec: { podCIDR: '10.0.0.0/24' } });
  const patch = { spec: { podCIDR: '10.0.1.0/24' } };
  const { body } = await server.ask('PATCH', '/api/v1/nodes/n', patch, { 'content-type': 'application/strategic-merge-patch+json' });
  expect((body as { message: string }).message).toBe(
    'Node "n" is invalid: spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  );
});

test('an attachment names its driver as drivers are named, and its volume', async () => {
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const refused = async (attacher: string, source: object) =>
    (await ask('POST', attachments, { metadata: { name: 'a' }, spec: { attacher, nodeName: 'n', source } })).message;
  expect(await refused('x'.repeat(64), { persistentVolumeName: 'v' })).toContain('spec.attacher: Too long: may not be more than 63 bytes');
  expect(await refused('d.example', { persistentVolumeName: 'No Volume' })).toContain(
    'spec.source.persistentVolumeName: Invalid value: "No Volume": a lowercase',
  );
  expect(await refused('', { persistentVolumeName: 'v' })).toContain('[spec.attacher: Required value, spec.attacher: Invalid value: "": a lowercase');
});

test('a driver may have a longer name than others may use for it', async () => {
  const name = `${'x'.repeat(63)}.example`;
  expect((await ask('POST', '/apis/storage.k8s.io/v1/csidrivers', { metadata: { name }, spec: {} })).answered).toBe(201);
  const { message } = await ask('POST', '/apis/storage.k8s.io/v1/csinodes', { metadata: { name: 'n' }, spec: { drivers: [{ name, nodeID: 'n' }] } });
  expect(message).toBe('CSINode.storage.k8s.io "n" is invalid: spec.drivers[0].name: Too long: may not be more than 63 bytes');
});

test('disruption budgets have names that are only parts of a path', async () => {
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  expect((await ask('POST', budgets, { metadata: { name: 'No Name' } })).answered).toBe(201);
  expect((await ask('POST', budgets, { metadata: { name: 'a%b' } })).message).toBe(
    'PodDisruptionBudget.policy "a%b" is invalid: metadata.name: Invalid value: "a%b": may not contain \'%\'',
  );
});

test('the name of a job is said to be no label where it would be one: in its template', async () => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const { message } = await ask('POST', '/apis/batch/v1/namespaces/default/jobs', { metadata: { name: 'No Name' }, spec: { template } });
  expect(message).toContain('spec.template.labels: Invalid value: "No Name"');
  expect(message).not.toContain('metadata.labels');
});

test('nobody owns the limits of a range that has none', async () => {
  const { metadata } = await ask('POST', '/api/v1/namespaces/default/limitranges', { metadata: { name: 'r' } });
  expect(metadata.managedFields).toBeUndefined();
});

test('conditions of a disruption budget say when and why', async () => {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await server.ask('POST', budgets, { metadata: { name: 'b' } });
  const status = {
    conditions: [
      { type: 'T', status: 'True' },
      { type: 'T', status: 'Maybe', lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'no word' },
    ],
  };
  const { body } = await server.ask('PATCH', `${budgets}/b/status`, { status }, { 'content-type': 'application/merge-patch+json' });
  expect((body as { message: string }).message).toMatch(
    /^PodDisruptionBudget\.policy "b" is invalid: \[status\.conditions\[0\]\.lastTransitionTime: Required value: must be set, status\.conditions\[0\]\.reason: Required value: must be set, status\.conditions\[1\]\.type: Duplicate value: "T", status\.conditions\[1\]\.status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown", status\.conditions\[1\]\.reason: Invalid value: "no word": a condition reason must start/,
  );
});

test('whoever writes the status of an attachment changes nothing else of it', async () => {
  const server = testServer();
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const spec = { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'v' } };
  await server.ask('POST', attachments, { metadata: { name: 'a', labels: { keep: 'me' } }, spec });
  const change = { metadata: { labels: { keep: null, by: 'status' }, annotations: { by: 'status' } }, status: { attached: true } };
  const { body } = await server.ask('PATCH', `${attachments}/a/status`, change, { 'content-type': 'application/merge-patch+json' });
  expect(body).toMatchObject({ metadata: { labels: { keep: 'me' } }, status: { attached: true } });
  expect((body as { metadata: object }).metadata).not.toHaveProperty('annotations');
});

test('a quota counts only what pods of its scopes have, be they listed or selected', async () => {
  const quotas = '/api/v1/namespaces/default/resourcequotas';
  const hard = { pods: '1', 'requests.ephemeral-storage': '1Gi', services: '2', 'count/jobs.batch': '3' };
  const unfit = (at: string, shown: string): string => `${at}: Invalid value: ${shown}: unsupported scope applied to resource`;
  const listed = await ask('POST', quotas, { metadata: { name: 'q' }, spec: { hard, scopes: ['NotTerminating'] } });
  const list = unfit('spec.scopes', '[]core.ResourceQuotaScope{"NotTerminating"}');
  expect(listed.message).toBe(`ResourceQuota "q" is invalid: ${list}`);
  const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }];
  const selected = await ask('POST', quotas, { metadata: { name: 'q' }, spec: { hard: { services: '2' }, scopeSelector: { matchExpressions } } });
  const requirement = 'core.ScopedResourceSelectorRequirement{ScopeName:"PriorityClass", Operator:"In", Values:[]string{"high"}}';
  const selector = `core.ScopeSelector{MatchExpressions:[]core.ScopedResourceSelectorRequirement{${requirement}}}`;
  expect(selected.message).toBe(`ResourceQuota "q" is invalid: ${unfit('spec.scopeSelector.matchExpressions', selector)}`);
});

test('scopes that exclude each other are in conflict, though a selector does not show which', async () => {
  const quotas = '/api/v1/namespaces/default/resourcequotas';
  const matchExpressions = ['BestEffort', 'NotBestEffort'].map((scopeName) => ({ scopeName, operator: 'Exists' }));
  const { message } = await ask('POST', quotas, { metadata: { name: 'q' }, spec: { hard: { pods: '1' }, scopeSelector: { matchExpressions } } });
  expect(message).toBe('ResourceQuota "q" is invalid: spec.scopeSelector.matchExpressions: Invalid value: []core.ResourceQuotaScope(nil): conflicting scopes');
});

test('a rule for failed pods looks at exit codes or at conditions', async () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } };
  const refused = async (rule: object): Promise<unknown> =>
    (await ask('POST', jobs, { metadata: { name: 'j' }, spec: { template, podFailurePolicy: { rules: [{ action: 'Ignore', ...rule }] } } })).message;
  const at = 'Job.batch "j" is invalid: spec.podFailurePolicy.rules[0]';
  expect(await refused({})).toBe(`${at}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`);
  expect(await refused({ onExitCodes: { operator: 'In', values: [2, 1] } })).toBe(`${at}.onExitCodes.values: Invalid value: []int32{2, 1}: must be ordered`);
});

test('ranges and addresses of services are shown as Go prints them', async () => {
  const cidrs = '/apis/networking.k8s.io/v1/servicecidrs';
  const refused = async (list: string[]): Promise<unknown> => (await ask('POST', cidrs, { metadata: { name: 's' }, spec: { cidrs: list } })).message;
  const at = 'ServiceCIDR.networking.k8s.io "s" is invalid: spec.cidrs: Invalid value';
  expect(await refused(['10.0.0.0/24', '10.0.1.0/24'])).toBe(
    `${at}: []string{"10.0.0.0/24", "10.0.1.0/24"}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64`,
  );
  expect(await refused(['10.0.0.0/24', '10.0.1.0/24', 'x'])).toBe(
    `${at}: networking.ServiceCIDRSpec{CIDRs:[]string{"10.0.0.0/24", "10.0.1.0/24", "x"}}: may only hold up to 2 values`,
  );
  const server = testServer();
  const parentRef = { resource: 'gateways', namespace: 'n', name: 'g' };
  await server.ask('POST', '/apis/networking.k8s.io/v1/ipaddresses', { metadata: { name: '10.0.0.1' }, spec: { parentRef } });
  const patch = { spec: { parentRef: { name: 'z' } } };
  const { body } = await server.ask('PATCH', '/apis/networking.k8s.io/v1/ipaddresses/10.0.0.1', patch, { 'content-type': 'application/merge-patch+json' });
  expect((body as { message: string }).message).toBe(
    'IPAddress.networking.k8s.io "10.0.0.1" is invalid: spec.parentRef: Invalid value: ' +
      'networking.ParentReference{Group:"", Resource:"gateways", Namespace:"n", Name:"z"}: field is immutable',
  );
});

test('what has no name is told so, and not that the name is not the one expected; a limit range gets one', async () => {
  const definition = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {});
  expect(definition.message).toContain('[metadata.name: Required value: name or generateName is required, spec.group: Required value, ');
  const service = await ask('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {});
  expect(service.message).toContain('[metadata.name: Required value: name or generateName is required, spec.group: Required value: only v1 ');
  const limits = await ask('POST', '/api/v1/namespaces/default/limitranges', {});
  expect([limits.answered, limits.metadata.name]).toEqual([201, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
});

test('a binding that names no node, or what is none, is a plain error that says all that is wrong', async () => {
  for (const path of ['bindings', 'pods/p/binding']) {
    const { answered, message } = await ask('POST', `/api/v1/namespaces/default/${path}`, { metadata: { name: 'p' }, target: { kind: 'Pod' } });
    expect([answered, message]).toEqual([500, '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]']);
  }
});

test('a binding names its pod in its body, too', async () => {
  const { answered, message } = await ask('POST', '/api/v1/namespaces/default/pods/p/binding', { target: { name: 'n' } });
  expect([answered, message]).toEqual([400, 'name in URL does not match name in Binding object']);
});

test('groups that upstream serves apart know no kinds but their own, and the others do not know theirs', async () => {
  const refused = async (path: string, apiVersion: string, kind: string) => (await ask('POST', path, { apiVersion, kind })).message?.replace(/^.*no kind/, '');
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const services = '/apis/apiregistration.k8s.io/v1/apiservices';
  expect(await refused(definitions, 'v1', 'Pod')).toBe(
    ' "Pod" is registered for version "v1" in scheme "k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55"',
  );
  expect(await refused(services, 'v1', 'Pod')).toBe(
    ' "Pod" is registered for version "v1" in scheme "k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28"',
  );
  expect(await refused('/apis/apps/v1/namespaces/default/deployments', 'apiregistration.k8s.io/v1', 'APIService')).toBe(
    ' "APIService" is registered for version "apiregistration.k8s.io/v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
  );
});
