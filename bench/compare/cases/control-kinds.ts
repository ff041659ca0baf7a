import { makeRequest } from '../../../src/api/certificates/testing/make-request.ts';
import type { SampleKind } from './objects.ts';
import { selector } from './sample-pods.ts';

/** Requests that nobody makes. */
const nowhere = { operations: ['CREATE'], apiGroups: ['nowhere.example'], apiVersions: ['v1'], resources: ['things'], scope: '*' };

const webhook = {
  name: 'a.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  failurePolicy: 'Ignore',
  matchPolicy: 'Equivalent',
  timeoutSeconds: 5,
  namespaceSelector: { matchLabels: { nowhere: 'true' } },
  objectSelector: { matchLabels: { nowhere: 'true' } },
  clientConfig: { service: { namespace: 'nowhere', name: 'hook', path: '/p', port: 443 } },
  rules: [nowhere],
};

/** Kinds that tell the control plane what to do: admission, certificates, fairness, addresses, and more kinds. */
export const controlKinds: readonly SampleKind[] = [
  {
    kind: 'ValidatingWebhookConfiguration',
    apiVersion: 'admissionregistration.k8s.io/v1',
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    minimal: {},
    rich: { webhooks: [webhook] },
  },
  {
    kind: 'MutatingWebhookConfiguration',
    apiVersion: 'admissionregistration.k8s.io/v1',
    path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    minimal: {},
    rich: { webhooks: [{ ...webhook, reinvocationPolicy: 'IfNeeded' }] },
  },
  {
    kind: 'APIService',
    name: 'v1.compare.example',
    apiVersion: 'apiregistration.k8s.io/v1',
    path: '/apis/apiregistration.k8s.io/v1/apiservices',
    minimal: {
      spec: {
        group: 'compare.example',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        service: { namespace: 'nowhere', name: 's' },
        insecureSkipTLSVerify: true,
      },
    },
    rich: {
      spec: {
        group: 'compare.example',
        version: 'v1',
        groupPriorityMinimum: 200,
        versionPriority: 20,
        service: { namespace: 'nowhere', name: 's', port: 8443 },
        insecureSkipTLSVerify: true,
      },
    },
  },
  {
    kind: 'CustomResourceDefinition',
    name: 'things.compare.example',
    apiVersion: 'apiextensions.k8s.io/v1',
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    minimal: {
      spec: {
        group: 'compare.example',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    },
    rich: {
      spec: {
        group: 'compare.example',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList', shortNames: ['th'], categories: ['all'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } } } } },
            subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
            additionalPrinterColumns: [{ name: 'N', type: 'integer', jsonPath: '.spec.n' }],
          },
        ],
      },
    },
  },
  {
    kind: 'ValidatingAdmissionPolicy',
    apiVersion: 'admissionregistration.k8s.io/v1',
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    minimal: { spec: { matchConstraints: { resourceRules: [nowhere] }, validations: [{ expression: 'true' }] } },
    rich: {
      spec: {
        failurePolicy: 'Ignore',
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: {
          matchPolicy: 'Exact',
          namespaceSelector: { matchLabels: { nowhere: 'true' } },
          objectSelector: selector,
          resourceRules: [{ ...nowhere, resourceNames: ['one'] }],
          excludeResourceRules: [{ ...nowhere, resources: ['things/status'] }],
        },
        matchConditions: [{ name: 'always', expression: 'true' }],
        variables: [{ name: 'ready', expression: 'true' }],
        validations: [
          { expression: 'true', message: 'must be', reason: 'Forbidden' },
          { expression: 'variables.ready', messageExpression: "'never'" },
        ],
        auditAnnotations: [{ key: 'seen', valueExpression: "'yes'" }],
      },
    },
  },
  {
    kind: 'ValidatingAdmissionPolicyBinding',
    apiVersion: 'admissionregistration.k8s.io/v1',
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
    minimal: { spec: { policyName: 'nowhere', validationActions: ['Deny'] } },
    rich: {
      spec: {
        policyName: 'nowhere.example',
        paramRef: { name: 'limits', namespace: 'nowhere', parameterNotFoundAction: 'Allow' },
        matchResources: {
          matchPolicy: 'Exact',
          namespaceSelector: selector,
          objectSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
          resourceRules: [{ ...nowhere, resourceNames: ['one'] }],
          excludeResourceRules: [nowhere],
        },
        validationActions: ['Warn', 'Audit'],
      },
    },
  },
  {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    minimal: { spec: { request: makeRequest({ commonName: 'me' }), signerName: 'compare.example/signer', usages: ['client auth'] } },
    rich: {
      spec: {
        request: makeRequest({ commonName: 'me', organizations: ['us'], dnsNames: ['me.example'] }),
        signerName: 'compare.example/signer',
        expirationSeconds: 3600,
        usages: ['digital signature', 'key encipherment', 'server auth'],
      },
    },
  },
  {
    kind: 'FlowSchema',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    minimal: { spec: { priorityLevelConfiguration: { name: 'nowhere' } } },
    rich: {
      spec: {
        priorityLevelConfiguration: { name: 'nowhere' },
        matchingPrecedence: 9000,
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [
              { kind: 'User', user: { name: 'nobody' } },
              { kind: 'Group', group: { name: 'nobodies' } },
              { kind: 'ServiceAccount', serviceAccount: { namespace: 'nowhere', name: 'no-one' } },
            ],
            resourceRules: [{ verbs: ['get', 'list'], apiGroups: ['nowhere.example'], resources: ['things'], namespaces: ['nowhere'], clusterScope: true }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/nowhere', '/nowhere/*'] }],
          },
        ],
      },
    },
  },
  {
    kind: 'PriorityLevelConfiguration',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    minimal: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
    rich: {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 1,
          lendablePercent: 50,
          borrowingLimitPercent: 20,
          limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4, queueLengthLimit: 10 } },
        },
      },
    },
  },
  {
    kind: 'IPAddress',
    name: '203.0.113.7',
    apiVersion: 'networking.k8s.io/v1',
    path: '/apis/networking.k8s.io/v1/ipaddresses',
    minimal: { spec: { parentRef: { resource: 'things', name: 'one' } } },
    rich: { spec: { parentRef: { group: 'nowhere.example', resource: 'things', namespace: 'nowhere', name: 'one' } } },
  },
  {
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    path: '/apis/networking.k8s.io/v1/servicecidrs',
    minimal: { spec: { cidrs: ['203.0.113.0/24'] } },
    rich: { spec: { cidrs: ['203.0.113.0/24', 'fd77::/64'] } },
  },
];
