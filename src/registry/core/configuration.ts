import type { ConfigMap, PodTemplate, Secret, ServiceAccount } from '../../../generated/types/index.ts';
import {
  nameIsSubdomain,
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
import type { Strategy } from '../generic/strategy.ts';
import { ageColumn, column, containerColumns, formatLabels, nameColumn } from './columns.ts';

const size = (map: object | undefined): number => Object.keys(map ?? {}).length;

/** pkg/registry/core/configmap. */
export const configMapStrategy: Strategy<ConfigMap> = {
  resource: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', singular: 'configmap', shortNames: ['cm'], namespaced: true },
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
  validateName: nameIsSubdomain,
  validate: validatePodTemplateObject,
  validateUpdate: validatePodTemplateObjectUpdate,
  createOnUpdate: true,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    ...containerColumns<PodTemplate>((object) => object.template, 0),
    column('Pod Labels', 'Labels that the template gives.', (object) => formatLabels(object.template?.metadata?.labels)),
  ],
};
