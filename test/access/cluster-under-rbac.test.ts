import { expect, test } from 'vitest';
import type { Pod } from '../../generated/types/index.ts';
import { type AuditEvent, parseAuditPolicy } from '../../src/apiserver/index.ts';
import { refs } from '../../src/client/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import type { ResponseBody } from '../../src/machinery/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

/** A cluster as kubeadm makes it, and every request that was refused. */
async function guardedCluster(): Promise<{ cluster: Cluster; refused: string[] }> {
  const refused: string[] = [];
  const sink = ({ user, verb, requestURI, annotations }: AuditEvent) => {
    const reason = annotations?.['authorization.k8s.io/reason'];
    if (annotations?.['authorization.k8s.io/decision'] === 'forbid') refused.push(`${user.username} ${verb} ${requestURI} ${reason}`);
  };
  const policy = parseAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] });
  return { cluster: await simulatedCluster({ authorizationModes: ['Node', 'RBAC'], audit: { policy, sink } }), refused };
}

async function textOf(body: ResponseBody): Promise<string> {
  if (body.kind === 'bytes') return Buffer.from(body.bytes as Uint8Array).toString();
  if (body.kind !== 'stream') return '';
  const chunks: Uint8Array[] = [];
  return new Promise((resolve) => {
    body.start({ data: (chunk) => chunks.push(chunk), end: () => resolve(Buffer.concat(chunks).toString()) });
  });
}

const labels = { app: 'web' };

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'nginx',
            envFrom: [{ configMapRef: { name: 'settings' } }],
            env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'a' } } }],
            readinessProbe: { httpGet: { path: '/', port: 80 } },
          },
        ],
        volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
      },
    },
  },
};

test('all components do their work with the rights that upstream gives them', async () => {
  const { cluster, refused } = await guardedCluster();
  const { admin, env } = cluster;
  await admin.namespaces.create({ metadata: { name: 'shop' } });
  await admin.configMaps.create({ metadata: { name: 'settings', namespace: 'shop' }, data: { A: '1' } });
  await admin.secrets.create({ metadata: { name: 'keys', namespace: 'shop' }, stringData: { a: 'b' } });
  await admin.services.create({ metadata: { name: 'web', namespace: 'shop' }, spec: { selector: labels, ports: [{ port: 80 }] } });
  await env.loop.settle();
  await admin.deployments.create(structuredClone(web));
  await env.loop.advance(60_000);
  expect((await admin.deployments.get({ namespace: 'shop', name: 'web' })).status).toMatchObject({ readyReplicas: 2 });
  const { items } = await admin.endpointSlices.list({ namespace: 'shop' });
  expect(items[0]?.endpoints).toHaveLength(2);
  await admin.deployments.patch({ namespace: 'shop', name: 'web' }, 'merge', { spec: { replicas: 1, template: { metadata: { annotations: { v: '2' } } } } });
  await env.loop.advance(60_000);
  expect((await admin.deployments.get({ namespace: 'shop', name: 'web' })).status).toMatchObject({ readyReplicas: 1, updatedReplicas: 1 });
  await admin.namespaces.delete({ name: 'shop' });
  await env.loop.advance(120_000);
  await expect(admin.namespaces.get({ name: 'shop' })).rejects.toMatchObject({ code: 404 });
  expect(refused).toEqual([]);
  await cluster.stop();
});

test('aggregated roles hold the rules of those they select, and follow a new one', async () => {
  const { cluster } = await guardedCluster();
  const roles = cluster.admin.resource(refs.clusterRoles);
  const rulesOf = async (name: string) => JSON.stringify(((await roles.get({ name })) as { rules?: unknown }).rules);
  expect(await rulesOf('view')).toContain('pods/log');
  expect(await rulesOf('admin')).toContain('localsubjectaccessreviews');
  const metadata = { name: 'view-widgets', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } };
  await roles.create({ metadata, rules: [{ apiGroups: ['acme.com'], resources: ['widgets'], verbs: ['get'] }] } as never);
  await cluster.env.loop.settle();
  for (const name of ['view', 'edit', 'admin']) expect(await rulesOf(name)).toContain('widgets');
  await cluster.stop();
});

test('the token in a pod is one that the API server knows, and it dies with the pod', async () => {
  const { cluster } = await guardedCluster();
  const { admin, env, handler } = cluster;
  const pod = {
    metadata: { name: 'sleeper', namespace: 'default' },
    spec: {
      containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'echo $(cat /var/run/secrets/kubernetes.io/serviceaccount/token); sleep 3600'] }],
    },
  };
  await admin.pods.create(pod as Pod);
  await env.loop.advance(30_000);
  const log = await admin.request('GET', '/api/v1/namespaces/default/pods/sleeper/log');
  const token = (await textOf(log.body)).trim();
  const show = async () => {
    const body = { kind: 'object' as const, object: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } };
    const headers = { authorization: `Bearer ${token}` };
    const answer = await handler({ method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', query: new URLSearchParams(), headers, body });
    return { status: answer.status, object: answer.body.kind === 'object' ? answer.body.object() : undefined };
  };
  const extra = { 'authentication.kubernetes.io/pod-name': ['sleeper'], 'authentication.kubernetes.io/node-name': [expect.stringContaining('default-worker')] };
  expect(await show()).toMatchObject({ status: 201, object: { status: { userInfo: { username: 'system:serviceaccount:default:default', extra } } } });
  await admin.pods.delete({ namespace: 'default', name: 'sleeper' }, { gracePeriodSeconds: 0 });
  await env.loop.settle();
  expect((await show()).status).toBe(401);
  await cluster.stop();
});

test('a Secret that asks for the token of a service account gets one, and goes with the account', async () => {
  const { cluster, refused } = await guardedCluster();
  const { admin, env, handler } = cluster;
  const key = { namespace: 'default', name: 'robot-token' };
  await admin.serviceAccounts.create({ metadata: { name: 'robot', namespace: 'default' } });
  const metadata = { ...key, annotations: { 'kubernetes.io/service-account.name': 'robot' } };
  await admin.secrets.create({ metadata, type: 'kubernetes.io/service-account-token' });
  await env.loop.settle();
  const { data } = await admin.secrets.get(key);
  const token = Buffer.from(data?.token ?? '', 'base64').toString();
  const ask = async () => (await handler({ method: 'GET', path: '/api', query: new URLSearchParams(), headers: { authorization: `Bearer ${token}` } })).status;
  expect(await ask()).toBe(200);
  await env.loop.advance(2 * 3600_000);
  expect(await ask()).toBe(200);
  await admin.serviceAccounts.delete({ namespace: 'default', name: 'robot' });
  await env.loop.settle();
  expect(await ask()).toBe(401);
  await expect(admin.secrets.get(key)).rejects.toMatchObject({ code: 404 });
  expect(refused).toEqual([]);
  await cluster.stop();
});
