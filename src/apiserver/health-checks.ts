/** Steps that upstream takes after the start, each with a check of its own, in the order of 1.33's lists. */
const startHooks = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'storage-object-count-tracker-hook',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'aggregator-reload-proxy-client-cert',
  'start-kube-aggregator-informers',
  'apiservice-status-local-available-controller',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
].map((name) => `poststarthook/${name}`);

const lastHooks = ['autoregister-completion', 'poststarthook/apiservice-openapi-controller', 'poststarthook/apiservice-openapiv3-controller'];
const living = ['ping', 'log', 'etcd', ...startHooks, ...lastHooks];

export type HealthPath = 'healthz' | 'livez' | 'readyz';

/**
 * The checks behind each path, in the order in which they are told. The server here is started before it answers at all, so the
 * steps of the start have been taken; what can fail later is `ping`, `log`, `etcd`, `informer-sync` and `shutdown`.
 */
export const healthChecks: Readonly<Record<HealthPath, readonly string[]>> = {
  healthz: living,
  livez: living,
  readyz: ['ping', 'log', 'etcd', 'etcd-readiness', 'informer-sync', ...startHooks, ...lastHooks, 'shutdown'],
};

export function isHealthPath(name: string): name is HealthPath {
  return Object.hasOwn(healthChecks, name);
}

/** All checks of a path, line by line, and whether one that is not excluded failed (apiserver/pkg/server/healthz). */
export function healthReport(
  path: HealthPath,
  failing: Readonly<Record<string, string>>,
  excluded: readonly string[],
): { readonly failed: boolean; readonly text: string } {
  const checks = healthChecks[path];
  const unknown = [...new Set(excluded)].filter((name) => !checks.includes(name)).sort();
  const failed = checks.some((name) => name in failing && !excluded.includes(name));
  const lines = checks.map((name) => line(name, name in failing, excluded.includes(name)));
  const warning =
    unknown.length > 0 ? `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(',')}\n` : '';
  return { failed, text: `${lines.join('\n')}\n${warning}${path} check ${failed ? 'failed' : 'passed'}\n` };
}

function line(name: string, fails: boolean, excluded: boolean): string {
  if (excluded) return `[+]${name} excluded: ok`;
  return fails ? `[-]${name} failed: reason withheld` : `[+]${name} ok`;
}
