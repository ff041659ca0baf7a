import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = NonNullable<ValidatingWebhookConfiguration['webhooks']>[number];

/** pkg/apis/admissionregistration/validation: names, where a webhook is, and what it is asked about. Expressions are not compiled. */
export function validateWebhooks(configuration: Configuration): FieldError[] {
  return mistakesOf((mistakes) => {
    const seen = new Set<string>();
    (configuration.webhooks ?? []).forEach((webhook, i) => {
      const at = path('webhooks').index(i);
      validateWebhook(mistakes, webhook as Webhook, at);
      if (seen.has(webhook.name)) mistakes.duplicate(at.child('name'), webhook.name);
      seen.add(webhook.name);
    });
  });
}

function validateWebhook(mistakes: Mistakes, webhook: Webhook, at: FieldPath): void {
  const name = webhook.name ?? '';
  if (!name) mistakes.required(at.child('name'));
  else {
    mistakes.invalid(at.child('name'), name, isDns1123Subdomain(name));
    if (name.split('.').length < 3) mistakes.invalid(at.child('name'), name, 'should be a domain with at least three segments separated by dots');
  }
  (webhook.rules ?? []).forEach((rule, i) => {
    const one = at.child('rules').index(i);
    for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const)
      if ((rule[field] ?? []).length === 0) mistakes.required(one.child(field));
  });
  const seconds = webhook.timeoutSeconds;
  if (seconds !== undefined && (seconds > 30 || seconds < 1))
    mistakes.invalid(at.child('timeoutSeconds'), seconds, 'the timeout value must be between 1 and 30 seconds');
  if ((webhook.admissionReviewVersions ?? []).length === 0) mistakes.required(at.child('admissionReviewVersions'), 'must specify one of v1, v1beta1');
  validateLabelSelector(mistakes, webhook.namespaceSelector, at.child('namespaceSelector'));
  validateLabelSelector(mistakes, webhook.objectSelector, at.child('objectSelector'));
  validateClient(mistakes, webhook, at.child('clientConfig'));
}

function validateClient(mistakes: Mistakes, { clientConfig }: Webhook, at: FieldPath): void {
  const { url, service } = clientConfig ?? {};
  if ((url === undefined) === (service === undefined)) mistakes.required(at, 'exactly one of url or service is required');
  else if (url !== undefined) {
    const form = '; desired format: https://host[/path]';
    if (!URL.canParse(url)) mistakes.required(at.child('url'), `url must be a valid URL${form}`);
    else if (new URL(url).protocol !== 'https:')
      mistakes.invalid(at.child('url'), new URL(url).protocol.slice(0, -1), `'https' is the only allowed URL scheme${form}`);
  } else {
    if (!service?.name) mistakes.required(at.child('service', 'name'), 'service name is required');
    if (!service?.namespace) mistakes.required(at.child('service', 'namespace'), 'service namespace is required');
  }
}
