import type {
  AuditAnnotation,
  MatchResources,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { validateConditions } from '../../meta/conditions.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isDns1035Label, isDns1123Subdomain, isQualifiedName, nameIsPathSegment } from '../../meta/names.ts';
import { failurePolicies, matchPolicies, validateChoice, validateMatchConditions, validateRule } from './rules.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const actions = ['Audit', 'Deny', 'Warn'];
const absentParameterActions = ['Deny', 'Allow'];
const maxAuditAnnotations = 20;
const maxValueExpressionBytes = 5 * 1024;

/**
 * pkg/apis/admissionregistration/validation ValidateValidatingAdmissionPolicy, for updates too.
 *
 * Differs from upstream: expressions are not compiled, and nobody is asked whether the user may read the parameters.
 */
export function validateAdmissionPolicy({ metadata, spec = {} }: ValidatingAdmissionPolicy): FieldError[] {
  return mistakesOf((mistakes) => validatePolicySpec(mistakes, metadata?.name ?? '', spec, path('spec')));
}

function validatePolicySpec(mistakes: Mistakes, name: string, spec: ValidatingAdmissionPolicySpec, at: FieldPath): void {
  const { failurePolicy, paramKind, matchConstraints, variables = [], validations = [], auditAnnotations = [] } = spec;
  validateChoice(mistakes, failurePolicy, failurePolicies, at.child('failurePolicy'));
  if (paramKind) validateParamKind(mistakes, paramKind, at.child('paramKind'));
  const constraints = at.child('matchConstraints');
  if (!matchConstraints) mistakes.required(constraints);
  else {
    validateMatchResources(mistakes, matchConstraints, constraints);
    if ((matchConstraints.resourceRules ?? []).length === 0) mistakes.required(constraints.child('resourceRules'));
  }
  validateMatchConditions(mistakes, spec.matchConditions ?? [], at.child('matchConditions'));
  variables.forEach((variable, i) => {
    validateVariable(mistakes, variable, at.child('variables').index(i));
  });
  if (validations.length + auditAnnotations.length === 0) {
    for (const field of ['validations', 'auditAnnotations'])
      mistakes.required(at.child(field), 'validations or auditAnnotations must contain at least one item');
    return;
  }
  validations.forEach((validation, i) => {
    validateValidation(mistakes, validation, at.child('validations').index(i));
  });
  validateAuditAnnotations(mistakes, name, auditAnnotations, at.child('auditAnnotations'));
}

/** The type of the objects that hold parameters: `v1`, or `group/version`, and a kind. */
function validateParamKind(mistakes: Mistakes, { apiVersion = '', kind = '' }: ParamKind, at: FieldPath): void {
  const where = at.child('apiVersion');
  const parts = apiVersion.split('/');
  const [group, version] = parts.length === 1 ? ['', apiVersion] : (parts as [string, string]);
  if (apiVersion === '') mistakes.required(where);
  else if (parts.length > 2) mistakes.invalid(where, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else {
    if (group) allInOne(mistakes, where, group, isDns1123Subdomain(group));
    if (version) allInOne(mistakes, where, version, isDns1035Label(version));
    else mistakes.invalid(where, apiVersion, 'version must be specified');
  }
  if (!kind) mistakes.required(at.child('kind'));
  else allInOne(mistakes, at.child('kind'), kind, isDns1035Label(kind.toLowerCase()), 'may have mixed case, but should otherwise match: ');
}

/** Tells all that is wrong with a value as one mistake. */
function allInOne(mistakes: Mistakes, at: FieldPath, value: string, wrong: readonly string[], prefix = ''): void {
  if (wrong.length > 0) mistakes.invalid(at, value, prefix + wrong.join(','));
}

function validateMatchResources(mistakes: Mistakes, match: MatchResources, at: FieldPath): void {
  validateChoice(mistakes, match.matchPolicy, matchPolicies, at.child('matchPolicy'));
  validateLabelSelector(mistakes, match.namespaceSelector, at.child('namespaceSelector'));
  validateLabelSelector(mistakes, match.objectSelector, at.child('objectSelector'));
  for (const field of ['resourceRules', 'excludeResourceRules'] as const)
    (match[field] ?? []).forEach((rule, i) => {
      validateNamedRule(mistakes, rule, at.child(field).index(i));
    });
}

function validateNamedRule(mistakes: Mistakes, rule: NamedRuleWithOperations, at: FieldPath): void {
  const seen = new Set<string>();
  (rule.resourceNames ?? []).forEach((name, i) => {
    const one = at.child('resourceNames').index(i);
    mistakes.invalid(one, name, nameIsPathSegment(name, false));
    if (seen.has(name)) mistakes.duplicate(one, name);
    seen.add(name);
  });
  validateRule(mistakes, rule, at);
}

const celIdentifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const celReserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

function validateVariable(mistakes: Mistakes, { name = '', expression = '' }: Variable, at: FieldPath): void {
  if (!name.trim()) mistakes.required(at.child('name'), 'name is not specified');
  else if (!celIdentifier.test(name) || celReserved.has(name)) mistakes.invalid(at.child('name'), name, 'name is not a valid CEL identifier');
  if (!expression.trim()) mistakes.required(at.child('expression'), 'expression is not specified');
}

function validateValidation(mistakes: Mistakes, { expression = '', message = '', messageExpression = '', reason }: Validation, at: FieldPath): void {
  if (!expression.trim()) mistakes.required(at.child('expression'), 'expression is not specified');
  if (messageExpression && !messageExpression.trim()) mistakes.invalid(at.child('messageExpression'), messageExpression, 'must be non-empty if specified');
  if (message && !message.trim()) mistakes.invalid(at.child('message'), message, 'message must be non-empty if specified');
  else if (/[\n\r]/.test(message.trim())) mistakes.invalid(at.child('message'), message, 'message must not contain line breaks');
  validateChoice(mistakes, reason, reasons, at.child('reason'));
}

/** Their keys become names in the audit log, behind that of the policy. */
function validateAuditAnnotations(mistakes: Mistakes, policy: string, annotations: readonly AuditAnnotation[], at: FieldPath): void {
  if (annotations.length > maxAuditAnnotations) mistakes.invalid(at, annotations, `must not have more than ${maxAuditAnnotations} auditAnnotations`);
  const seen = new Set<string>();
  annotations.forEach(({ key = '', valueExpression = '' }, i) => {
    const one = at.index(i);
    if (policy) mistakes.invalid(one.child('key'), `${policy}/${key}`, isQualifiedName(`${policy}/${key}`));
    else mistakes.invalid(one.child('key'), key, 'requires metadata.name be non-empty');
    const wanted = valueExpression.trim();
    if (!wanted) mistakes.required(one.child('valueExpression'), 'valueExpression is not specified');
    else if (byteLength(wanted) > maxValueExpressionBytes)
      mistakes.required(one.child('valueExpression'), `must not exceed ${maxValueExpressionBytes} bytes in length`);
    if (seen.has(key)) mistakes.duplicate(one.child('key'), key);
    seen.add(key);
  });
}

/** ValidateValidatingAdmissionPolicyStatusUpdate. Differs from upstream: fields are not read as JSON paths. */
export function validateAdmissionPolicyStatus({ status }: ValidatingAdmissionPolicy): FieldError[] {
  return mistakesOf((mistakes) => {
    (status?.typeChecking?.expressionWarnings ?? []).forEach(({ warning, fieldRef }, i) => {
      const at = path('status', 'typeChecking', 'expressionWarnings').index(i);
      if (!warning) mistakes.required(at.child('warning'));
      if (!fieldRef?.trim()) mistakes.required(at.child('fieldRef'));
    });
    validateConditions(mistakes, status?.conditions ?? [], path('status', 'conditions'));
  });
}

/** ValidateValidatingAdmissionPolicyBinding, for updates too. Differs from upstream: nobody is asked whether the user may read the parameters. */
export function validateAdmissionPolicyBinding({ spec = {} }: ValidatingAdmissionPolicyBinding): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('spec');
    const { policyName, paramRef, matchResources, validationActions = [] } = spec;
    if (policyName) mistakes.invalid(at.child('policyName'), policyName, isDns1123Subdomain(policyName));
    else mistakes.required(at.child('policyName'));
    if (paramRef) validateParamRef(mistakes, paramRef, at.child('paramRef'));
    if (matchResources) validateMatchResources(mistakes, matchResources, at.child('matchResources'));
    validateActions(mistakes, validationActions, at.child('validationActions'));
  });
}

/** One object by its name, or those that a selector takes in. */
function validateParamRef(mistakes: Mistakes, { name, selector, parameterNotFoundAction }: ParamRef, at: FieldPath): void {
  const exclusive = 'name and selector are mutually exclusive';
  if (name) {
    mistakes.invalid(at.child('name'), name, nameIsPathSegment(name, false));
    if (selector) mistakes.forbidden(at.child('name'), exclusive);
  }
  validateLabelSelector(mistakes, selector, at.child('selector'));
  if (name && selector) mistakes.forbidden(at.child('selector'), exclusive);
  if (!name && !selector) mistakes.required(at, 'one of name or selector must be specified');
  mistakes.oneOf(at.child('parameterNotFoundAction'), parameterNotFoundAction, absentParameterActions);
}

function validateActions(mistakes: Mistakes, wanted: readonly string[], at: FieldPath): void {
  const seen = new Set<string>();
  wanted.forEach((action, i) => {
    validateChoice(mistakes, action, actions, at.index(i));
    if (seen.has(action)) mistakes.duplicate(at.index(i), action);
    seen.add(action);
  });
  const twice = '(repeating the same validation failure information in the API response and headers serves no purpose)';
  if (seen.has('Deny') && seen.has('Warn'))
    mistakes.invalid(at, goStringList(wanted, '[]admissionregistration.ValidationAction'), `must not contain both Deny and Warn ${twice}`);
  if (wanted.length === 0) mistakes.required(at, 'at least one validation action is required');
}
