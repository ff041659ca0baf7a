import type { FlowSchema, FlowSchemaSpec, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';
import { mandatoryFlowSchemas } from './mandatory.ts';

type Subject = PolicyRulesWithSubjects['subjects'][number];

const maxPrecedence = 10_000;
const distinguishers = ['ByNamespace', 'ByUser'];
const subjectKinds = ['Group', 'ServiceAccount', 'User'];
const verbNames = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** pkg/apis/flowcontrol/validation ValidateFlowSchema, for updates too. */
export function validateFlowSchema({ metadata, spec, status }: FlowSchema): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('spec');
    const name = metadata?.name ?? '';
    const wanted = Object.hasOwn(mandatoryFlowSchemas, name) ? mandatoryFlowSchemas[name as keyof typeof mandatoryFlowSchemas] : undefined;
    if (spec) validateSpec(mistakes, name, spec, at);
    if (wanted && !semanticEqual(spec, wanted)) mistakes.invalid(at, spec, `spec of '${name}' must equal the fixed value`);
    validateConditionTypes(mistakes, status?.conditions ?? []);
  });
}

/** ValidateFlowSchemaStatus; that of priority levels is the same. */
export function validateFlowControlStatus({ status }: { readonly status?: { readonly conditions?: readonly { readonly type?: string }[] } }): FieldError[] {
  return mistakesOf((mistakes) => validateConditionTypes(mistakes, status?.conditions ?? []));
}

/** Each condition has a type of its own. */
export function validateConditionTypes(mistakes: Mistakes, conditions: readonly { readonly type?: string }[]): void {
  const seen = new Set<string>();
  conditions.forEach(({ type = '' }, i) => {
    const at = path('status', 'conditions').index(i).child('type');
    if (seen.has(type)) mistakes.duplicate(at, type);
    seen.add(type);
    if (!type) mistakes.required(at, 'must not be empty');
  });
}

function validateSpec(mistakes: Mistakes, name: string, spec: FlowSchemaSpec, at: FieldPath): void {
  const precedence = spec.matchingPrecedence ?? 0;
  const wrong = (detail: string): void => mistakes.invalid(at.child('matchingPrecedence'), precedence, detail);
  if (precedence <= 0) wrong('must be a positive value');
  if (precedence > maxPrecedence) wrong(`must not be greater than ${maxPrecedence}`);
  if (precedence === 1 && name !== 'exempt') wrong("only the schema named 'exempt' may have matchingPrecedence 1");
  const by = spec.distinguisherMethod;
  if (by && !distinguishers.includes(by.type))
    mistakes.notSupported(at.child('distinguisherMethod', 'type'), goStruct('flowcontrol.FlowDistinguisherMethod', { Type: by.type ?? '' }), distinguishers);
  const level = spec.priorityLevelConfiguration?.name;
  const levelName = at.child('priorityLevelConfiguration', 'name');
  if (level) mistakes.invalid(levelName, level, isDns1123Subdomain(level));
  else mistakes.required(levelName, 'must reference a priority level');
  (spec.rules ?? []).forEach((rule, i) => {
    validateRule(mistakes, rule, at.child('rules').index(i));
  });
}

function validateRule(mistakes: Mistakes, { subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, at: FieldPath): void {
  if (subjects.length === 0) mistakes.required(at.child('subjects'), 'subjects must contain at least one value');
  subjects.forEach((subject, i) => {
    validateSubject(mistakes, subject, at.child('subjects').index(i));
  });
  if (resourceRules.length + nonResourceRules.length === 0) mistakes.required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty');
  resourceRules.forEach((rule, i) => {
    validateResourceRule(mistakes, rule, at.child('resourceRules').index(i));
  });
  nonResourceRules.forEach((rule, i) => {
    validateNonResourceRule(mistakes, rule, at.child('nonResourceRules').index(i));
  });
}

/** A subject says who it is about where its kind says, and nowhere else. */
function validateSubject(mistakes: Mistakes, subject: Subject, at: FieldPath): void {
  const { kind } = subject;
  if (!subjectKinds.includes(kind)) {
    mistakes.notSupported(at.child('kind'), kind ?? '', subjectKinds);
    return;
  }
  if (kind === 'ServiceAccount') validateServiceAccount(mistakes, subject.serviceAccount, at.child('serviceAccount'));
  else {
    const field = kind === 'User' ? 'user' : 'group';
    if (!subject[field]) mistakes.required(at.child(field), `${field} is required when subject kind is '${kind}'`);
    else if (!subject[field].name) mistakes.required(at.child(field, 'name'));
  }
  for (const [field, own] of [
    ['serviceAccount', 'ServiceAccount'],
    ['user', 'User'],
    ['group', 'Group'],
  ] as const)
    if (own !== kind && subject[field]) mistakes.forbidden(at.child(field), `${field} is forbidden when subject kind is not '${own}'`);
}

function validateServiceAccount(mistakes: Mistakes, account: Subject['serviceAccount'], at: FieldPath): void {
  if (!account) {
    mistakes.required(at, "serviceAccount is required when subject kind is 'ServiceAccount'");
    return;
  }
  if (!account.name) mistakes.required(at.child('name'));
  else if (account.name !== '*') mistakes.invalid(at.child('name'), account.name, isDns1123Subdomain(account.name));
  if (account.namespace) mistakes.invalid(at.child('namespace'), account.namespace, isDns1123Label(account.namespace));
  else mistakes.required(at.child('namespace'), 'must specify namespace for service account');
}

function validateResourceRule(mistakes: Mistakes, rule: ResourcePolicyRule, at: FieldPath): void {
  const { verbs = [], apiGroups = [], resources = [], clusterScope = false } = rule;
  const namespaces = rule.namespaces ?? [];
  validateVerbs(mistakes, verbs, at.child('verbs'));
  const lists = [
    ['apiGroups', apiGroups, 'api group'],
    ['resources', resources, 'resource'],
  ] as const;
  for (const [field, list, what] of lists) {
    if (list.length === 0) mistakes.required(at.child(field), `resource rules must supply at least one ${what}`);
    else validateWildcard(mistakes, list, `${what}s`, at.child(field));
  }
  const where = at.child('namespaces');
  if (namespaces.length === 0 && !clusterScope) mistakes.required(where, 'resource rules that are not cluster scoped must supply at least one namespace');
  else if (namespaces.includes('*')) validateWildcard(mistakes, namespaces, 'namespaces', where);
  else
    namespaces.forEach((namespace, i) => {
      const wrong = isDns1123Label(namespace).map((detail) => `each member of this list must be '*' or a DNS-1123 label; ${detail}`);
      mistakes.invalid(where.index(i), namespace, wrong);
    });
}

function validateVerbs(mistakes: Mistakes, verbs: readonly string[], at: FieldPath): void {
  if (verbs.length === 0) mistakes.required(at, 'verbs must contain at least one value');
  else if (verbs.includes('*')) validateWildcard(mistakes, verbs, 'verbs', at);
  else if (!verbs.every((verb) => verbNames.includes(verb))) mistakes.notSupported(at, goStringList(verbs), verbNames);
}

function validateWildcard(mistakes: Mistakes, list: readonly string[], what: string, at: FieldPath): void {
  if (list.length > 1 && list.includes('*')) mistakes.invalid(at, goStringList(list), `if '*' is present, must not specify other ${what}`);
}

function validateNonResourceRule(mistakes: Mistakes, { verbs = [], nonResourceURLs = [] }: NonResourcePolicyRule, at: FieldPath): void {
  validateVerbs(mistakes, verbs, at.child('verbs'));
  const urls = at.child('nonResourceURLs');
  if (nonResourceURLs.length === 0) mistakes.required(urls, 'nonResourceURLs must contain at least one value');
  else if (nonResourceURLs.includes('*')) validateWildcard(mistakes, nonResourceURLs, 'non-resource URLs', urls);
  else
    nonResourceURLs.forEach((url, i) => {
      const wrong = whatIsWrongWithUrl(url);
      if (wrong) mistakes.invalid(urls.index(i), url, wrong);
    });
}

function whatIsWrongWithUrl(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcard = url.indexOf('*');
  return wildcard >= 0 && (wildcard !== url.length - 1 || !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}
