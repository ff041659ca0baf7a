import { expect, test } from 'vitest';
import type { Namespace, Pod } from '../../../generated/types/index.ts';
import { admissionFixture } from '../testing/fixture.ts';

const namespace = (labels: Record<string, string>): Namespace => ({
  metadata: { name: 'default', labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])) },
});
const pod = (spec: object = {}): Pod => ({ metadata: { name: 'nginx' }, spec: { containers: [{ name: 'nginx', image: 'nginx' }], ...spec } });
const restricted =
  'allowPrivilegeEscalation != false (container "nginx" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "nginx" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "nginx" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "nginx" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

test('a pod below the level that is enforced is refused, with every reason', async () => {
  const { storage, run } = admissionFixture();
  storage.put('namespaces', namespace({ enforce: 'restricted' }));
  await expect(run('CREATE', 'pods', { object: pod() })).rejects.toThrow(`pods "nginx" is forbidden: violates PodSecurity "restricted:latest": ${restricted}`);
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const { warnings } = await run('CREATE', 'pods', { object: pod({ containers: [{ name: 'c', securityContext: security }] }) });
  expect(warnings).toEqual([]);
});

test('a template is only warned of, also where a level is merely enforced', async () => {
  const { storage, run } = admissionFixture();
  storage.put('namespaces', namespace({ enforce: 'restricted', 'enforce-version': 'v1.30' }));
  const deployment = { metadata: { name: 'web' }, spec: { template: { spec: pod().spec } } };
  const { warnings } = await run('CREATE', 'deployments', { object: deployment, resource: { group: 'apps', version: 'v1', resource: 'deployments' } });
  expect(warnings).toEqual([`would violate PodSecurity "restricted:v1.30": ${restricted}`]);
});

test('the baseline refuses what reaches into the machine, and grows with its version', async () => {
  const { storage, run } = admissionFixture();
  storage.put('namespaces', namespace({ enforce: 'baseline', 'enforce-version': 'v1.26' }));
  const volumes = [{ name: 'root', hostPath: { path: '/' } }];
  const object = pod({
    hostNetwork: true,
    volumes,
    securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '1' }] },
    containers: [
      { name: 'c', securityContext: { privileged: true, capabilities: { add: ['SYS_TIME', 'CHOWN'] } }, ports: [{ containerPort: 80, hostPort: 80 }] },
    ],
  });
  await expect(run('CREATE', 'pods', { object })).rejects.toThrow(
    'violates PodSecurity "baseline:v1.26": non-default capabilities (container "c" must not include "SYS_TIME" in securityContext.capabilities.add), host namespaces (hostNetwork=true), hostPath volumes (volume "root"), hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true), forbidden sysctls (net.ipv4.ip_local_reserved_ports)',
  );
});

test('labels that make no sense are refused, and a stricter level is tried on the pods that are there', async () => {
  const { storage, run } = admissionFixture();
  const update = (labels: Record<string, string>) => run('UPDATE', 'namespaces', { object: namespace(labels), oldObject: namespace({}), name: 'default' });
  await expect(update({ enforce: 'strict' })).rejects.toThrow(
    'Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
  );
  for (const name of ['a', 'b']) storage.put('pods', { ...pod({ hostPID: true }), metadata: { namespace: 'default', name } } as Pod);
  expect((await update({ enforce: 'baseline' })).warnings).toEqual([
    'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 1 other pod): host namespaces',
  ]);
});

test('the audit log is told which level was enforced, and what violates the level to audit', async () => {
  const { storage, run } = admissionFixture();
  const said: Record<string, string> = {};
  const annotate = (key: string, value: string) => void (said[key] = value);
  await run('CREATE', 'pods', { object: pod(), annotate });
  expect(said).toEqual({ 'pod-security.kubernetes.io/enforce-policy': 'privileged:latest' });
  storage.put('namespaces', namespace({ audit: 'restricted', enforce: 'baseline' }));
  const { warnings } = await run('CREATE', 'pods', { object: pod(), annotate });
  expect(warnings).toEqual([]);
  expect(said).toEqual({
    'pod-security.kubernetes.io/enforce-policy': 'baseline:latest',
    'pod-security.kubernetes.io/audit-violations': `would violate PodSecurity "restricted:latest": ${restricted}`,
  });
});
