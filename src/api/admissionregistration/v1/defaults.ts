import type {
  MatchResources,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../../../generated/types/index.ts';

type Webhook = NonNullable<MutatingWebhookConfiguration['webhooks']>[number] & NonNullable<ValidatingWebhookConfiguration['webhooks']>[number];

/** pkg/apis/admissionregistration/v1 SetDefaults_ValidatingWebhook; those of mutating webhooks are the same and one more. */
function setWebhookDefaults(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

export function setValidatingWebhookDefaults({ webhooks = [] }: ValidatingWebhookConfiguration): void {
  for (const webhook of webhooks) setWebhookDefaults(webhook);
}

export function setMutatingWebhookDefaults({ webhooks = [] }: MutatingWebhookConfiguration): void {
  for (const webhook of webhooks) {
    setWebhookDefaults(webhook);
    webhook.reinvocationPolicy ??= 'Never';
  }
}

function setMatchDefaults(match: MatchResources): void {
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

/** SetDefaults_ValidatingAdmissionPolicySpec. */
export function setAdmissionPolicyDefaults(policy: ValidatingAdmissionPolicy): void {
  const spec = (policy.spec ??= {});
  policy.status ??= {};
  spec.failurePolicy ??= 'Fail';
  if (spec.matchConstraints) setMatchDefaults(spec.matchConstraints);
}

export function setAdmissionPolicyBindingDefaults({ spec }: ValidatingAdmissionPolicyBinding): void {
  if (spec?.matchResources) setMatchDefaults(spec.matchResources);
}
