import type { ConfigMap, PodTemplate, Secret, ServiceAccount } from '../../../generated/types/index.ts';
import {
  nameIsSubdomain,
  podTemplateWarnings,
  secretWarnings,
  setConfigMapDefaults,
  setPodTemplateObjectDefaults,
  setSecretDefaults,
  validateConfigMap,
  validateConfigMapUpdate,
  validatePodTemplateObject,
  validatePodTemplateObjectUpdate,
  validateSecret,
  validateSecretUpdate,
  validateServiceAccount,
  validateServiceAccountUpdate,
} from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { path } from '../../machinery/field-error.ts';
import type { Strategy } from '../generic/strategy.ts';
import { ageColumn, column, containerColumns, formatLabels, nameColumn } from './columns.ts';

const size = (map: object | undefined): number => Object.keys(map ?? {}).length;

/** pkg/registry/core/configmap. */
export const configMapStrategy: Strategy<ConfigMap> = {
  resource: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', singular: 'configmap', shortNames: ['cm'], namespaced: true },
  applyDefaults: setConfigMapDefaults,
  validateName: nameIsSubdomain,
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
  columns: [nameColumn, column('Data', 'How many entries it holds.', (map) => size(map.data) + size(map.binaryData)), ageColumn],
};

/** pkg/registry/core/secret. */
export const secretStrategy: Strategy<Secret> = {
  resource: { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', singular: 'secret', namespaced: true },
  applyDefaults: setSecretDefaults,
  validateName: nameIsSubdomain,
  warningsOnCreate: secretWarnings,
  warningsOnUpdate: secretWarnings,
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  columns: [
    nameColumn,
    column('Type', 'What kind of data it holds.', (secret) => secret.type ?? ''),
    column('Data', 'How many entries it holds.', (secret) => size(secret.data)),
    ageColumn,
  ],
  selectableFields: (secret) => ({ type: secret.type ?? '' }),
};

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';
const enforceWarning = `metadata.annotations[${enforceAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`;
const enforces = ({ metadata }: Readonly<ServiceAccount>): boolean => metadata?.annotations?.[enforceAnnotation] !== undefined;

/** References to secrets are by name, whatever else they say (cleanSecretReferences). */
function keepNamesOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}

/** pkg/registry/core/serviceaccount. */
export const serviceAccountStrategy: Strategy<ServiceAccount> = {
  resource: {
    group: '',
    version: 'v1',
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    singular: 'serviceaccount',
    shortNames: ['sa'],
    namespaced: true,
  },
  validateName: nameIsSubdomain,
  prepareForCreate: keepNamesOnly,
  prepareForUpdate: keepNamesOnly,
  warningsOnCreate: (account) => (enforces(account) ? [enforceWarning] : []),
  warningsOnUpdate: (next, previous) => (enforces(next) && !enforces(previous) ? [enforceWarning] : []),
  validate: validateServiceAccount,
  validateUpdate: validateServiceAccountUpdate,
  returnsDeletedObject: true,
  columns: [nameColumn, column('Secrets', 'How many secrets it may use.', (account) => (account.secrets ?? []).length), ageColumn],
};

/** pkg/registry/core/podtemplate. */
export const podTemplateStrategy: Strategy<PodTemplate> = {
  resource: { group: '', version: 'v1', kind: 'PodTemplate', plural: 'podtemplates', singular: 'podtemplate', namespaced: true },
  applyDefaults: setPodTemplateObjectDefaults,
  prepareForCreate(template) {
    template.metadata!.generation = 1;
  },
  prepareForUpdate(next, previous) {
    if (!semanticEqual(next.template, previous.template)) next.metadata!.generation = (previous.metadata?.generation ?? 0) + 1;
  },
  warningsOnCreate: ({ template }) => podTemplateWarnings(template, path('template')),
  warningsOnUpdate: (next, previous) => (semanticEqual(next.template, previous.template) ? [] : podTemplateWarnings(next.template, path('template'))),
  validateName: nameIsSubdomain,
  metadataChecks: { onUpdate: false },
  validate: validatePodTemplateObject,
  validateUpdate: validatePodTemplateObjectUpdate,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    ...containerColumns<PodTemplate>((object) => object.template, 0),
    column('Pod Labels', 'Labels that the template gives.', (object) => formatLabels(object.template?.metadata?.labels)),
  ],
};
