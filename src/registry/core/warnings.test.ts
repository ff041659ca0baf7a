import { beforeEach, expect, test } from 'vitest';
import type { TestServer } from '../../apiserver/testing/test-server.ts';
import { testServer } from '../../apiserver/testing/test-server.ts';
import { warningsOf } from '../../apiserver/testing/warnings.ts';

let server: TestServer;

beforeEach(async () => {
  server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
});

const warned = (path: string, object: object, method?: string) => warningsOf(server, path, object, method);

const oddSpec = {
  serviceAccountName: 'default',
  terminationGracePeriodSeconds: -1,
  nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
  hostAliases: [
    { ip: '1.2.3.4', hostnames: ['a'] },
    { ip: '1.2.3.4', hostnames: ['b'] },
  ],
  imagePullSecrets: [{ name: 's' }, { name: 's' }],
  containers: [
    {
      name: 'c',
      image: 'i',
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '$(A)2' },
        { name: 'A', value: '3' },
      ],
      resources: { requests: { memory: '100m' } },
      ports: [{ containerPort: 80 }, { containerPort: 80, hostPort: 8080 }],
    },
    { name: 'd', image: 'i', ports: [{ containerPort: 80 }] },
  ],
  volumes: [
    {
      name: 'v',
      projected: {
        sources: [{ configMap: { name: 'm', items: [{ key: 'a', path: 'etc/token' }] } }, { serviceAccountToken: { path: 'etc' } }],
      },
    },
  ],
};

const oddities = (at: string) => [
  `${at}spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead`,
  'volume "v" (Projected): overlapping paths: "etc" (ServiceAccountToken) with "etc/token" (ConfigMap "m")',
  `${at}spec.hostAliases[1].ip: duplicate ip "1.2.3.4"`,
  `${at}spec.imagePullSecrets[1].name: duplicate name "s"`,
  `${at}spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer`,
  `${at}spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply`,
  `${at}spec.containers[0].ports[1]: overlapping port definition with ${at}spec.containers[0].ports[0]`,
  `${at}spec.containers[1].ports[0]: duplicate port definition with ${at}spec.containers[0].ports[0]`,
  `${at}spec.containers[1].ports[0]: overlapping port definition with ${at}spec.containers[0].ports[1]`,
  `${at}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
];

test('a pod is warned of what is odd in it', async () => {
  expect(await warned('/api/v1/namespaces/facts/pods', { metadata: { name: 'p' }, spec: oddSpec })).toEqual(oddities('').slice(0, -1)); // A negative grace period has become 1 by then.
  expect(await warned('/api/v1/namespaces/facts/pods', { metadata: { name: 'p.q' }, spec: { containers: [{ name: 'c', image: 'i' }] } })).toEqual([
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
  ]);
});

test('a deployment is warned of what is odd in its pod template, and again only when it changes', async () => {
  const deployments = '/apis/apps/v1/namespaces/facts/deployments';
  const template = { metadata: { labels: { a: 'b' } }, spec: oddSpec };
  const odd = { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } };
  expect(await warned(deployments, odd)).toEqual(oddities('spec.template.'));
  expect(await warned(`${deployments}/d`, odd, 'PUT')).toEqual([]);
  expect(await warned(`${deployments}/d`, { ...odd, spec: { ...odd.spec, replicas: 2 } }, 'PUT')).toHaveLength(10);
});

test('a service is warned of fields that have no effect and of addresses in odd forms', async () => {
  const services = '/api/v1/namespaces/facts/services';
  const ports = [{ port: 80 }];
  expect(await warned(services, { metadata: { name: 'a' }, spec: { externalName: 'x.example', ports } })).toEqual([
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
  // Only with 1.34 are headless services told what they ignore.
  expect(await warned(services, { metadata: { name: 'h' }, spec: { clusterIP: 'None', sessionAffinity: 'ClientIP', ports } })).toEqual([]);
  expect(await warned(services, { metadata: { name: 'b' }, spec: { externalIPs: ['192.168.000.1'], ports } })).toEqual([
    'spec.externalIPs[0]: non-standard IP address "192.168.000.1" will be considered invalid in a future Kubernetes release: use "192.168.0.1"',
  ]);
});

test('an event made by events.k8s.io must say when, who, and what was done; one of the core API need not', async () => {
  const about = { metadata: { name: 'e' }, regarding: { kind: 'Pod', name: 'p', namespace: 'facts' } };
  const refused = async (event: object): Promise<unknown> =>
    ((await server.ask('POST', '/apis/events.k8s.io/v1/namespaces/facts/events', event)).body as { message: string }).message;
  expect(await refused({ ...about, deprecatedCount: 1 })).toBe(
    'Event "e" is invalid: [eventTime: Required value, type: Invalid value: "": has invalid value: , count: Invalid value: "": needs to be unset]',
  );
  const named = { ...about, eventTime: '2026-01-01T00:00:00.000000Z', type: 'Normal', reportingController: 'a.b/c' };
  expect(await refused(named)).toBe('Event "e" is invalid: [reportingInstance: Required value, action: Required value, reason: Required value]');
  expect(await refused({ ...about, metadata: { name: 'No Name' }, type: 'Normal' })).toMatch(
    /^Event "No Name" is invalid: \[metadata\.name: .*, eventTime: Required value\]$/,
  );
  const core = '/api/v1/namespaces/facts/events';
  expect((await server.ask('POST', core, { metadata: { name: 'No Name' }, involvedObject: { namespace: 'facts' } })).status).toBe(201);
  const changed = { metadata: { name: 'g' }, regarding: about.regarding, eventTime: named.eventTime, type: 'Normal', reportingController: 'a.b/c' };
  const whole = { ...changed, reportingInstance: 'i', action: 'Did', reason: 'R' };
  const events = '/apis/events.k8s.io/v1/namespaces/facts/events';
  await server.ask('POST', events, whole);
  const patched = await server.ask('PATCH', `${events}/g`, { note: 'other' }, { 'content-type': 'application/merge-patch+json' });
  expect((patched.body as { message: string }).message).toBe('Event "g" is invalid: message: Invalid value: "other": field is immutable');
  const fine = { eventTime: '2026-01-01T00:00:00.000000Z', type: 'Normal', reportingController: 'a.b/c', reportingInstance: 'i', action: 'Did', reason: 'R' };
  expect(await warned('/apis/events.k8s.io/v1/namespaces/facts/events', { ...about, ...fine })).toEqual([]);
  expect(await warned('/api/v1/namespaces/facts/events', { metadata: { name: 'f' }, involvedObject: { namespace: 'facts' } })).toEqual([]);
});
