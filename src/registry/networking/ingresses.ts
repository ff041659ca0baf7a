import type { Ingress, IngressClass } from '../../../generated/types/index.ts';
import {
  setIngressClassDefaults,
  setIngressDefaults,
  validateIngress,
  validateIngressClass,
  validateIngressClassUpdate,
  validateIngressSpec,
  validateIngressStatus,
} from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

const shownHosts = 3;

function hosts({ spec }: Readonly<Ingress>): string {
  const rules = spec?.rules ?? [];
  const named: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (named.length === shownHosts) more = true;
    else if (host) named.push(host);
  }
  if (named.length === 0) return '*';
  return named.join(',') + (more ? ` + ${rules.length - shownHosts} more...` : '');
}

function address({ status }: Readonly<Ingress>): string {
  const found = new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((one) => one !== ''));
  return [...found].sort().join(',');
}

/** pkg/registry/networking/ingress. */
export const ingressStrategy = resourceStrategy<Ingress>({
  resource: { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress', plural: 'ingresses', shortNames: ['ing'], namespaced: true },
  applyDefaults: setIngressDefaults,
  statusOnCreate: () => ({ loadBalancer: {} }),
  countsGeneration: true,
  validate: validateIngress,
  validateUpdate: validateIngressSpec,
  validateStatus: validateIngressStatus,
  warningsOnCreate: ({ metadata }) =>
    metadata?.annotations?.['kubernetes.io/ingress.class'] === undefined
      ? []
      : ['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead'],
  columns: [
    nameColumn,
    column('Class', 'Whose controller serves it.', ({ spec }) => spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'Names that it answers for.', hosts),
    column('Address', 'Where it is reached.', address),
    column('Ports', 'Ports that it listens on.', ({ spec }) => ((spec?.tls ?? []).length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
});

function parameters({ spec }: Readonly<IngressClass>): string {
  const { kind, apiGroup, name } = spec?.parameters ?? {};
  if (!spec?.parameters) return '<none>';
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}

/** pkg/registry/networking/ingressclass. */
export const ingressClassStrategy = resourceStrategy<IngressClass>({
  resource: { group: 'networking.k8s.io', version: 'v1', kind: 'IngressClass', plural: 'ingressclasses', namespaced: false },
  applyDefaults: setIngressClassDefaults,
  countsGeneration: true,
  validate: validateIngressClass,
  validateUpdate: validateIngressClassUpdate,
  columns: [
    nameColumn,
    column('Controller', 'Who serves ingresses of this class.', ({ spec }) => spec?.controller ?? ''),
    column('Parameters', 'What holds its settings.', parameters),
    ageColumn,
  ],
});
