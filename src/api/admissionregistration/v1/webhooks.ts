import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1035Label, isDns1123Subdomain, isPortNumber, isQualifiedName } from '../../meta/names.ts';
import { validateWebhookUrl } from './webhook-url.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];
type Rule = NonNullable<Webhook['rules']>[number];

const failurePolicies = ['Fail', 'Ignore'];
const matchPolicies = ['Equivalent', 'Exact'];
const sideEffects = ['None', 'NoneOnDryRun'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
const operationNames = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const reviewVersions = ['v1', 'v1beta1'];
const maxConditions = 64;

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
  validateClient(mistakes, webhook, at.child('clientConfig'));
  validateConditions(mistakes, webhook.matchConditions ?? [], at.child('matchConditions'));
}

function validateName(mistakes: Mistakes, name: string, at: FieldPath): void {
  const wrong = isDns1123Subdomain(name);
  if (!name) mistakes.required(at);
  else if (wrong.length > 0) mistakes.invalid(at, name, wrong.join(','));
  else if (name.split('.').length < 3) mistakes.invalid(at, name, 'should be a domain with at least three segments separated by dots');
}

function validateChoice(mistakes: Mistakes, value: string | undefined, supported: readonly string[], at: FieldPath): void {
  if (value !== undefined && !supported.includes(value)) mistakes.notSupported(at, value, supported);
}

function validateRule(mistakes: Mistakes, rule: Rule, at: FieldPath): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  if (operations.length === 0) mistakes.required(at.child('operations'));
  validateWildcard(mistakes, operations, 'operations', at.child('operations'), '[]admissionregistration.OperationType');
  operations.forEach((operation, i) => {
    validateChoice(mistakes, operation, operationNames, at.child('operations').index(i));
  });
  if (apiGroups.length === 0) mistakes.required(at.child('apiGroups'));
  validateWildcard(mistakes, apiGroups, 'API groups', at.child('apiGroups'));
  if (apiVersions.length === 0) mistakes.required(at.child('apiVersions'));
  validateWildcard(mistakes, apiVersions, 'API versions', at.child('apiVersions'));
  apiVersions.forEach((version, i) => {
    if (!version) mistakes.required(at.child('apiVersions').index(i));
  });
  validateResources(mistakes, resources, at.child('resources'));
  validateChoice(mistakes, rule.scope, scopes, at.child('scope'));
}

function validateWildcard(mistakes: Mistakes, list: readonly string[], what: string, at: FieldPath, type = '[]string'): void {
  if (list.length > 1 && list.includes('*')) mistakes.invalid(at, goStringList(list, type), `if '*' is present, must not specify other ${what}`);
}

/** Resources and their subresources, of which no wildcard may take in what is named beside it. */
function validateResources(mistakes: Mistakes, resources: readonly string[], at: FieldPath): void {
  if (resources.length === 0) mistakes.required(at);
  const [anySubresourceOf, anyResourceWith] = [new Set<string>(), new Set<string>()];
  let hasPlain = false;
  resources.forEach((one, i) => {
    if (!one) {
      mistakes.required(at.index(i));
      return;
    }
    const slash = one.indexOf('/');
    if (slash < 0) {
      hasPlain = one !== '*';
      return;
    }
    const [resource, subresource] = [one.slice(0, slash), one.slice(slash + 1)];
    if (anySubresourceOf.has(resource)) mistakes.invalid(at.index(i), one, `if '${resource}/*' is present, must not specify ${one}`);
    if (anyResourceWith.has(subresource)) mistakes.invalid(at.index(i), one, `if '*/${subresource}' is present, must not specify ${one}`);
    if (subresource === '*') anySubresourceOf.add(resource);
    if (resource === '*') anyResourceWith.add(subresource);
  });
  if (resources.length > 1 && resources.includes('*/*')) mistakes.invalid(at, goStringList(resources), "if '*/*' is present, must not specify other resources");
  if (resources.includes('*') && hasPlain)
    mistakes.invalid(at, goStringList(resources), "if '*' is present, must not specify other resources without subresources");
}

function validateClient(mistakes: Mistakes, { clientConfig }: Webhook, at: FieldPath): void {
  const { url, service } = clientConfig ?? {};
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
  const segments = text.slice(1).replace(/\/$/, '').split('/');
  segments.forEach((segment, i) => {
    const wrong = segment === '' ? [`segment[${i}] may not be empty`] : isDns1123Subdomain(segment).map((why) => `segment[${i}]: ${why}`);
    mistakes.invalid(at, text, wrong);
  });
}

function validateConditions(mistakes: Mistakes, conditions: NonNullable<Webhook['matchConditions']>, at: FieldPath): void {
  if (conditions.length > maxConditions) mistakes.tooMany(at, conditions.length, maxConditions);
  const seen = new Set<string>();
  conditions.forEach(({ name, expression }, i) => {
    const one = at.index(i);
    if (!expression?.trim()) mistakes.required(one.child('expression'));
    if (!name) {
      mistakes.required(one.child('name'));
      return;
    }
    mistakes.invalid(one.child('name'), name, isQualifiedName(name));
    if (seen.has(name)) mistakes.duplicate(one.child('name'), name);
    seen.add(name);
  });
}

function validateReviewVersions(mistakes: Mistakes, versions: readonly string[], at: FieldPath): void {
  if (versions.length === 0) {
    mistakes.required(at, `must specify one of ${reviewVersions.join(', ')}`);
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
