import { expect, test } from 'vitest';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../../generated/types/index.ts';
import { validateAdmissionPolicy, validateAdmissionPolicyBinding, validateAdmissionPolicyStatus } from './admission-policy.ts';
import { setAdmissionPolicyBindingDefaults, setAdmissionPolicyDefaults } from './defaults.ts';

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const fine = { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }] };

function aboutPolicy(spec: object): string[] {
  const policy = { metadata: { name: 'p' }, spec: structuredClone({ ...fine, ...spec }) } as unknown as ValidatingAdmissionPolicy;
  setAdmissionPolicyDefaults(policy);
  return validateAdmissionPolicy(policy).map((one) => String(one).replace(/^spec\./, ''));
}

function aboutBinding(spec: object): string[] {
  const binding = {
    metadata: { name: 'b' },
    spec: structuredClone({ policyName: 'p', validationActions: ['Deny'], ...spec }),
  } as ValidatingAdmissionPolicyBinding;
  setAdmissionPolicyBindingDefaults(binding);
  return validateAdmissionPolicyBinding(binding).map((one) => String(one).replace(/^spec\./, ''));
}

test('a policy says what it is about, and checks or notes something', () => {
  expect(aboutPolicy({})).toEqual([]);
  expect(aboutPolicy({ matchConstraints: undefined, validations: [] })).toEqual([
    'matchConstraints: Required value',
    'validations: Required value: validations or auditAnnotations must contain at least one item',
    'auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ]);
  expect(aboutPolicy({ matchConstraints: {}, failurePolicy: 'x' })).toEqual([
    'failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"',
    'matchConstraints.resourceRules: Required value',
  ]);
  expect(aboutPolicy({ matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['a', 'a', '..'] }] } })).toEqual([
    'matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
    'matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: "..": may not be \'..\'',
  ]);
});

test('the kind of parameters has a version and a name', () => {
  expect(aboutPolicy({ paramKind: {} })).toEqual(['paramKind.apiVersion: Required value', 'paramKind.kind: Required value']);
  expect(aboutPolicy({ paramKind: { apiVersion: 'a/b/c', kind: 'K' } })).toEqual([
    'paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ]);
  expect(aboutPolicy({ paramKind: { apiVersion: 'g.example/', kind: 'K' } })).toEqual([
    'paramKind.apiVersion: Invalid value: "g.example/": version must be specified',
  ]);
  expect(aboutPolicy({ paramKind: { apiVersion: 'v1', kind: 'No Kind' } })[0]).toMatch(
    /^paramKind.kind: .*may have mixed case, but should otherwise match: a DNS-1035/,
  );
});

test('expressions are there, variables have names that expressions may use, and messages are one line', () => {
  expect(
    aboutPolicy({
      variables: [
        { name: ' ', expression: ' ' },
        { name: 'for', expression: '1' },
      ],
    }),
  ).toEqual([
    'variables[0].name: Required value: name is not specified',
    'variables[0].expression: Required value: expression is not specified',
    'variables[1].name: Invalid value: "for": name is not a valid CEL identifier',
  ]);
  expect(aboutPolicy({ validations: [{ expression: '', message: 'a\nb', messageExpression: ' ', reason: 'Why' }] })).toEqual([
    'validations[0].expression: Required value: expression is not specified',
    'validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
    'validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
    'validations[0].reason: Unsupported value: "Why": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
  ]);
  expect(
    aboutPolicy({
      auditAnnotations: [
        { key: 'a', valueExpression: '1' },
        { key: 'a', valueExpression: '' },
      ],
    }),
  ).toEqual(['auditAnnotations[1].valueExpression: Required value: valueExpression is not specified', 'auditAnnotations[1].key: Duplicate value: "a"']);
});

test('what is found out about a policy is told with a place', () => {
  const status = { typeChecking: { expressionWarnings: [{ warning: '', fieldRef: ' ' }] }, conditions: [{ type: 'T', status: 'True' }] };
  expect(validateAdmissionPolicyStatus({ status } as unknown as ValidatingAdmissionPolicy).map(String)).toEqual([
    'status.typeChecking.expressionWarnings[0].warning: Required value',
    'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    'status.conditions[0].lastTransitionTime: Required value: must be set',
    'status.conditions[0].reason: Required value: must be set',
  ]);
});

test('a binding names a policy, what to do with its verdict, and either one object of parameters or some', () => {
  expect(aboutBinding({})).toEqual([]);
  expect(aboutBinding({ policyName: '', validationActions: [] })).toEqual([
    'policyName: Required value',
    'validationActions: Required value: at least one validation action is required',
  ]);
  expect(aboutBinding({ validationActions: ['Deny', 'Warn', 'Warn', 'x'] })).toEqual([
    'validationActions[2]: Duplicate value: "Warn"',
    'validationActions[3]: Unsupported value: "x": supported values: "Audit", "Deny", "Warn"',
    'validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn", "Warn", "x"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  ]);
  expect(aboutBinding({ paramRef: {} })).toEqual([
    'paramRef: Required value: one of name or selector must be specified',
    'paramRef.parameterNotFoundAction: Required value',
  ]);
  expect(aboutBinding({ paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'x' } })).toEqual([
    'paramRef.name: Forbidden: name and selector are mutually exclusive',
    'paramRef.selector: Forbidden: name and selector are mutually exclusive',
    'paramRef.parameterNotFoundAction: Unsupported value: "x": supported values: "Deny", "Allow"',
  ]);
});
