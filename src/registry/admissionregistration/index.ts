import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../../generated/types/index.ts';
import {
  setAdmissionPolicyBindingDefaults,
  setAdmissionPolicyDefaults,
  setMutatingWebhookDefaults,
  setValidatingWebhookDefaults,
  validateAdmissionPolicy,
  validateAdmissionPolicyBinding,
  validateAdmissionPolicyStatus,
  validateWebhooks,
} from '../../api/index.ts';
import { selectorString } from '../../machinery/go-syntax.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resetMetadataForStatus } from '../generic/metadata.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

const group = { group: 'admissionregistration.k8s.io', version: 'v1', categories: ['api-extensions'], namespaced: false };
const count = (list: readonly unknown[] | undefined): number => (list ?? []).length;

/** pkg/registry/admissionregistration/mutatingwebhookconfiguration. */
export const mutatingWebhookStrategy = resourceStrategy<MutatingWebhookConfiguration>({
  resource: { ...group, kind: 'MutatingWebhookConfiguration', plural: 'mutatingwebhookconfigurations' },
  conditionalUpdateOnly: true,
  metadataChecks: { finalizerDomains: false },
  applyDefaults: setMutatingWebhookDefaults,
  countsGeneration: true,
  validate: validateWebhooks,
  columns: [nameColumn, column('Webhooks', 'How many webhooks there are.', ({ webhooks }) => count(webhooks), 'integer'), ageColumn],
});

/** pkg/registry/admissionregistration/validatingwebhookconfiguration. */
export const validatingWebhookStrategy = resourceStrategy<ValidatingWebhookConfiguration>({
  resource: { ...group, kind: 'ValidatingWebhookConfiguration', plural: 'validatingwebhookconfigurations' },
  conditionalUpdateOnly: true,
  metadataChecks: { finalizerDomains: false },
  applyDefaults: setValidatingWebhookDefaults,
  countsGeneration: true,
  validate: validateWebhooks,
  columns: [nameColumn, column('Webhooks', 'How many webhooks there are.', ({ webhooks }) => count(webhooks), 'integer'), ageColumn],
});

function paramKind({ spec }: Readonly<ValidatingAdmissionPolicy>): string {
  const { apiVersion, kind } = spec?.paramKind ?? {};
  return spec?.paramKind ? `${apiVersion}/${kind}` : '<unset>';
}

/** pkg/registry/admissionregistration/validatingadmissionpolicy. */
export const admissionPolicyStrategy = resourceStrategy<ValidatingAdmissionPolicy>({
  resource: { ...group, kind: 'ValidatingAdmissionPolicy', plural: 'validatingadmissionpolicies' },
  conditionalUpdateOnly: true,
  metadataChecks: { finalizerDomains: false },
  applyDefaults: setAdmissionPolicyDefaults,
  validate: validateAdmissionPolicy,
  validateStatus: validateAdmissionPolicyStatus,
  statusOnCreate: () => ({}),
  prepareForStatusUpdate: resetMetadataForStatus,
  countsGeneration: true,
  columns: [
    nameColumn,
    column('Validations', 'How many rules there are.', ({ spec }) => count(spec?.validations), 'integer'),
    column('ParamKind', 'What kind of object holds its parameters.', paramKind),
    ageColumn,
  ],
});

function paramRef({ spec }: Readonly<ValidatingAdmissionPolicyBinding>): string {
  const reference = spec?.paramRef;
  if (!reference) return '<unset>';
  if (reference.name) return `${reference.namespace || '*'}/${reference.name}`;
  return reference.selector ? selectorString(reference.selector) : '<unset>';
}

/** pkg/registry/admissionregistration/validatingadmissionpolicybinding. */
export const admissionPolicyBindingStrategy = resourceStrategy<ValidatingAdmissionPolicyBinding>({
  resource: { ...group, kind: 'ValidatingAdmissionPolicyBinding', plural: 'validatingadmissionpolicybindings' },
  conditionalUpdateOnly: true,
  metadataChecks: { finalizerDomains: false },
  applyDefaults: setAdmissionPolicyBindingDefaults,
  validate: validateAdmissionPolicyBinding,
  countsGeneration: true,
  columns: [
    nameColumn,
    column('PolicyName', 'The policy it puts to use.', ({ spec }) => spec?.policyName ?? ''),
    column('ParamRef', 'The object that holds the parameters.', paramRef),
    ageColumn,
  ],
});

/** The resources of admissionregistration.k8s.io/v1. */
export const admissionRegistrationStrategies = [
  mutatingWebhookStrategy,
  admissionPolicyStrategy,
  admissionPolicyBindingStrategy,
  validatingWebhookStrategy,
] as unknown as readonly Strategy[];
