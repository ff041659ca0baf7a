import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1035Label, isDns1123Subdomain, isPortNumber } from '../../meta/names.ts';
import { failurePolicies, matchPolicies, validateChoice, validateMatchConditions, validateRule } from './rules.ts';
import { validateWebhookUrl } from './webhook-url.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];

const sideEffects = ['None', 'NoneOnDryRun'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
const reviewVersions = ['v1', 'v1beta1'];

/**
 * What is wrong with webhooks, beside their metadata (pkg/apis/admissionregistration/validation).
 *
 * Differs from upstream: expressions are not compiled.
 */
export function validateWebhooks(configuration: Configuration): FieldError[] {
  return mistakesOf((mistakes) => {
    const seen = new Set<string>();
    (configuration.webhooks ?? []).forEach((one, i) => {
      const webhook = one as Webhook;
      const at = path('webhooks').index(i);
      validateWebhook(mistakes, webhook, at);
      validateReviewVersions(mistakes, webhook.admissionReviewVersions ?? [], at.child('admissionReviewVersions'));
      if (webhook.name && seen.has(webhook.name)) mistakes.duplicate(at.child('name'), webhook.name);
      seen.add(webhook.name);
    });
  });
}

function validateWebhook(mistakes: Mistakes, webhook: Webhook, at: FieldPath): void {
  validateName(mistakes, webhook.name ?? '', at.child('name'));
  (webhook.rules ?? []).forEach((rule, i) => {
    validateRule(mistakes, rule, at.child('rules').index(i));
  });
  validateChoice(mistakes, webhook.failurePolicy, failurePolicies, at.child('failurePolicy'));
  validateChoice(mistakes, webhook.matchPolicy, matchPolicies, at.child('matchPolicy'));
  if (webhook.sideEffects === undefined) mistakes.required(at.child('sideEffects'), `must specify one of ${sideEffects.join(', ')}`);
  validateChoice(mistakes, webhook.sideEffects, sideEffects, at.child('sideEffects'));
  const seconds = webhook.timeoutSeconds;
  if (seconds !== undefined && (seconds > 30 || seconds < 1))
    mistakes.invalid(at.child('timeoutSeconds'), seconds, 'the timeout value must be between 1 and 30 seconds');
  validateLabelSelector(mistakes, webhook.namespaceSelector, at.child('namespaceSelector'));
  validateLabelSelector(mistakes, webhook.objectSelector, at.child('objectSelector'));
  validateChoice(mistakes, webhook.reinvocationPolicy, reinvocationPolicies, at.child('reinvocationPolicy'));
  validateWebhookClient(mistakes, webhook.clientConfig ?? {}, at.child('clientConfig'));
  validateMatchConditions(mistakes, webhook.matchConditions ?? [], at.child('matchConditions'));
}

function validateName(mistakes: Mistakes, name: string, at: FieldPath): void {
  const wrong = isDns1123Subdomain(name);
  if (!name) mistakes.required(at);
  else if (wrong.length > 0) mistakes.invalid(at, name, wrong.join(','));
  else if (name.split('.').length < 3) mistakes.invalid(at, name, 'should be a domain with at least three segments separated by dots');
}

/** Where a webhook is: at an address, or behind a Service. */
export function validateWebhookClient(mistakes: Mistakes, { url, service }: Partial<Webhook['clientConfig']>, at: FieldPath): void {
  if (service === undefined && url !== undefined) validateWebhookUrl(mistakes, url, at.child('url'));
  else if (service !== undefined && url === undefined) validateService(mistakes, service, at.child('service'));
  else mistakes.required(at, 'exactly one of url or service is required');
}

/** Upstream takes the name for the namespace here, and the other way round. */
function validateService(mistakes: Mistakes, service: NonNullable<Webhook['clientConfig']['service']>, at: FieldPath): void {
  if (!service.namespace) mistakes.required(at.child('name'), 'service name is required');
  if (!service.name) mistakes.required(at.child('namespace'), 'service namespace is required');
  const port = service.port ?? 443;
  const wrong = isPortNumber(port);
  if (wrong.length > 0) mistakes.invalid(at.child('port'), port, `port is not valid: ${wrong.join(', ')}`);
  validateServicePath(mistakes, service.path ?? '', at.child('path'));
}

function validateServicePath(mistakes: Mistakes, text: string, at: FieldPath): void {
  if (text === '' || text === '/') return;
  if (text === '//') {
    mistakes.invalid(at, text, 'segment[0] may not be empty');
    return;
  }
  if (!text.startsWith('/')) mistakes.invalid(at, text, "must start with a '/'");
  // Go leaves a byte away: of a character that is longer something stays.
  const rest = Buffer.from(text).subarray(1).toString('latin1');
  const segments = rest.replace(/\/$/, '').split('/');
  segments.forEach((segment, i) => {
    const wrong = segment === '' ? [`segment[${i}] may not be empty`] : isDns1123Subdomain(segment).map((why) => `segment[${i}]: ${why}`);
    mistakes.invalid(at, text, wrong);
  });
}

const missingVersions = `must specify one of ${reviewVersions.join(', ')}`;

/** Versions of reviews that a webhook knows: one of ours among them. */
export function validateReviewVersions(mistakes: Mistakes, versions: readonly string[], at: FieldPath, missing = missingVersions): void {
  if (versions.length === 0) {
    mistakes.required(at, missing);
    return;
  }
  const seen = new Set<string>();
  versions.forEach((version, i) => {
    if (seen.has(version)) mistakes.invalid(at.index(i), version, 'duplicate version');
    else mistakes.invalid(at.index(i), version, isDns1035Label(version));
    seen.add(version);
  });
  if (!versions.some((version) => reviewVersions.includes(version)))
    mistakes.invalid(at, goStringList(versions), `must include at least one of ${reviewVersions.join(', ')}`);
}
