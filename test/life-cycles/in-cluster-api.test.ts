import { expect, test } from 'vitest';
import { createClusterPki } from '../../server/tls.ts';
import { type Cluster, clusterNetwork } from '../../src/cluster/index.ts';
import { wallClock } from '../../src/env/index.ts';
import { podLog } from '../support/pod-log.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';
const preamble = `cd ${mounted}; T=$(cat token); NS=$(cat namespace); A="Authorization: Bearer $T"; U=https://kubernetes.default.svc; N=$U/api/v1/namespaces/$NS`;

/** A cluster with keys, and a service account that may read pods. */
async function clusterWithReader(): Promise<Cluster> {
  const pki = await createClusterPki({
    names: ['default-control-plane'],
    serviceAddress: clusterNetwork.apiServiceIp,
    clusterDomain: clusterNetwork.domain,
    nowMs: wallClock(),
  });
  const cluster = await simulatedCluster({ nodes: 2, certificates: { rootCa: pki.ca.certificate, serving: pki.serving.certificate } });
  const metadata = { name: 'reader', namespace: 'default' };
  await cluster.admin.serviceAccounts.create({ metadata });
  const create = async (resource: string, object: object) => {
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/default/${resource}`;
    const user = { username: 'admin', groups: ['system:masters'] };
    const { status } = await cluster.handler({ method: 'POST', path, query: new URLSearchParams(), headers: {}, user, body: { kind: 'object', object } });
    expect(status).toBe(201);
  };
  const group = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata };
  await create('roles', { ...group, kind: 'Role', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }] });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  await create('rolebindings', { ...group, kind: 'RoleBinding', subjects: [{ kind: 'ServiceAccount', name: 'reader' }], roleRef });
  return cluster;
}

/** Runs a script in a pod of that service account. */
async function start({ admin, env }: Cluster, name: string, image: string, script: string): Promise<void> {
  await admin.pods.create({
    metadata: { name, namespace: 'default' },
    spec: { serviceAccountName: 'reader', restartPolicy: 'Never', containers: [{ name: 'c', image, command: ['sh', '-c', `${preamble}; ${script}`] }] },
  });
  await env.loop.advance(30_000);
}

test('a program inside calls the API with its token: 200 and 403 as RBAC says, and only who knows the authority trusts the server', async () => {
  const cluster = await clusterWithReader();
  const names = 'grep -o \'"name": "curl"\' | head -1';
  await start(
    cluster,
    'curl',
    'curlimages/curl',
    [
      `curl -sS --cacert ca.crt -H "$A" $N/pods | ${names}`,
      'curl -sS --cacert ca.crt -H "$A" $N/secrets | grep message',
      "curl -s --cacert ca.crt -o /dev/null -w '%{http_code}\\n' $N/pods",
      'curl -sS $U/version 2>&1 | head -1; curl -s $U/version; echo $?',
      'curl -sS --cacert nosuch $U/version; echo $?',
      "curl -sk -o /dev/null -w '%{http_code}\\n' $U/version",
      'curl -sS --cacert ca.crt https://10.96.0.1/version | grep minor | head -1',
      'curl -sS --cacert ca.crt https://172.18.0.2:6443/version; echo $?',
      'curl -sk https://coredns-metrics.none:1/; echo $?',
      'curl -s http://kubernetes.default.svc:443/',
      `curl -sS --cacert ca.crt -H "$A" -X POST -H 'Content-Type: application/json' -d '{}' $N/pods | grep '"code"'`,
    ].join('; '),
  );
  expect((await podLog(cluster, 'curl')).split('\n')).toEqual([
    '"name": "curl"',
    '  "message": "secrets is forbidden: User \\"system:serviceaccount:default:reader\\" cannot list resource \\"secrets\\" in API group \\"\\" in the namespace \\"default\\"",',
    '401',
    'curl: (60) SSL certificate problem: unable to get local issuer certificate',
    '60',
    'curl: (77) error setting certificate file: nosuch',
    '77',
    '200',
    '  "minor": "33",',
    "curl: (60) SSL: no alternative certificate subject name matches target ipv4 address '172.18.0.2'",
    '60',
    '6',
    'Client sent an HTTP request to an HTTPS server.',
    '  "code": 403',
    '',
  ]);
  await start(
    cluster,
    'wget',
    'busybox',
    `wget -qO- --header "$A" $N/pods/wget | ${names.replace('curl', 'wget')}; wget -qO- --header "$A" $N/secrets; echo $?`,
  );
  expect(await podLog(cluster, 'wget')).toBe(
    [
      'wget: note: TLS certificate validation not implemented',
      '"name": "wget"',
      'wget: note: TLS certificate validation not implemented',
      'wget: server returned error: HTTP/1.1 403 Forbidden',
      '1',
      '',
    ].join('\n'),
  );
});

test('a watch from inside prints events as they come, and ends with its reader', async () => {
  const cluster = await clusterWithReader();
  const { admin, env } = cluster;
  await start(
    cluster,
    'watcher',
    'curlimages/curl',
    `curl -sN --cacert ca.crt -H "$A" "$N/pods?watch=1" | while read -r line; do echo "$line" | cut -c1-15; done`,
  );
  const before = (await podLog(cluster, 'watcher')).split('\n').length;
  expect(before).toBeGreaterThan(1);
  await admin.pods.patch({ namespace: 'default', name: 'watcher' }, 'merge', { metadata: { labels: { seen: 'yes' } } });
  await env.loop.advance(1_000);
  expect((await podLog(cluster, 'watcher')).split('\n').slice(before - 1)).toEqual(['{"type":"MODIFI', '']);
  await admin.pods.delete({ namespace: 'default', name: 'watcher' }, { gracePeriodSeconds: 0 });
  await env.loop.advance(5_000);
});
