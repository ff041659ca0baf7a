import type { UserInfo } from '../../machinery/handler.ts';
import { inOrderOfKind } from '../../machinery/schema/index.ts';
import { parseFieldSelector, parseLabelSelector } from '../../machinery/selectors/index.ts';
import { badRequest, invalid } from '../../machinery/status-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { AnyObject, GroupVersionKind, KubeObject } from '../../machinery/types.ts';
import type { Answer } from '../answers.ts';
import { dataBody } from '../answers.ts';
import type { AuthorizerAttributes } from '../authz/index.ts';
import { decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import { writeOptions } from '../request-options.ts';
import type { ResourceAttributes, SelectorAttributes, SelectorRequirement } from './access-review-validation.ts';
import { accessMistakes, accessSpec } from './access-review-validation.ts';
import { ownFields } from './field-managers.ts';
import { reviewToken, userStatus } from './token-review.ts';

/** A resource that is only ever asked, never stored. */
export interface ReviewResource {
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly gvk: GroupVersionKind;
  answer(call: Call, review: AnyObject): Promise<object> | object;
  /** The answer is an object of its own: it repeats nothing of the question. */
  readonly answersAnew?: { readonly spec?: object; metadata(now: number): object };
}

const authorization = (kind: string): GroupVersionKind => ({ group: 'authorization.k8s.io', version: 'v1', kind });

/** The reviews of authentication.k8s.io and authorization.k8s.io, answered from the authorizer. */
export const reviewResources: readonly ReviewResource[] = [
  {
    plural: 'selfsubjectreviews',
    singular: 'selfsubjectreview',
    namespaced: false,
    gvk: { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview' },
    answersAnew: { metadata: (now) => ({ creationTimestamp: formatTime(now) }) },
    answer: ({ user }) => ({ userInfo: userStatus(user) }),
  },
  {
    plural: 'tokenreviews',
    singular: 'tokenreview',
    namespaced: false,
    gvk: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenReview' },
    answer: reviewToken,
  },
  {
    plural: 'localsubjectaccessreviews',
    singular: 'localsubjectaccessreview',
    namespaced: true,
    gvk: authorization('LocalSubjectAccessReview'),
    answer: (call, review) => decide(call, review, reviewedUser(review)),
  },
  {
    plural: 'selfsubjectaccessreviews',
    singular: 'selfsubjectaccessreview',
    namespaced: false,
    gvk: authorization('SelfSubjectAccessReview'),
    answer: (call, review) => decide(call, review, call.user),
  },
  {
    plural: 'selfsubjectrulesreviews',
    singular: 'selfsubjectrulesreview',
    namespaced: false,
    gvk: authorization('SelfSubjectRulesReview'),
    answersAnew: { spec: {}, metadata: () => ({ creationTimestamp: null }) },
    answer: (call, review) => {
      const namespace = (review.spec as { namespace?: string } | undefined)?.namespace;
      if (!namespace) throw badRequest('no namespace on request');
      return call.services.authorizer.rulesFor(call.user, namespace);
    },
  },
  {
    plural: 'subjectaccessreviews',
    singular: 'subjectaccessreview',
    namespaced: false,
    gvk: authorization('SubjectAccessReview'),
    answer: (call, review) => decide(call, review, reviewedUser(review)),
  },
];

/** POST of a review: it comes back with its answer as the status. */
export async function createReview(call: Call, review: ReviewResource): Promise<Answer> {
  const { form } = call;
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const request = { kind: review.gvk, fieldValidation: options.fieldValidation, warn: call.warn };
  const object = decodeObject(call.services.bodies, call.request.body, request) as AnyObject;
  call.onSent?.(object);
  object.metadata = receivedMetadata(call, review.namespaced, object);
  ownFields(call, review.gvk, object, options.fieldManager);
  const status = await review.answer(call, object);
  const { kind, apiVersion, metadata, spec } = object;
  const anew = review.answersAnew;
  const shown = anew ? anew.spec : spec;
  const about = anew ? anew.metadata(call.now) : { creationTimestamp: null, ...metadata };
  const answer = { kind, apiVersion, metadata: about, ...(shown === undefined ? {} : { spec: shown }), status };
  return { status: 201, body: dataBody(inOrderOfKind(call.services.bodies.protobufSchema(), answer as KubeObject), form) };
}

/** What only the server says is forgotten; the namespace is that of the path (registry/rest WipeObjectMetaSystemFields). */
export function receivedMetadata(call: Call, namespaced: boolean, object: KubeObject): NonNullable<KubeObject['metadata']> {
  const {
    uid: _,
    selfLink: __,
    creationTimestamp: ___,
    deletionTimestamp: ____,
    deletionGracePeriodSeconds: _____,
    namespace,
    ...metadata
  } = (object.metadata ?? {}) as Record<string, unknown>;
  if (!namespaced) return metadata;
  if (namespace && namespace !== call.info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return { ...metadata, namespace: call.info.namespace };
}

function reviewedUser(review: AnyObject): UserInfo {
  const { user = '', groups = [], uid, extra } = accessSpec(review);
  return { username: user, groups, uid, extra };
}

async function decide(call: Call, review: AnyObject, user: UserInfo): Promise<object> {
  const mistakes = accessMistakes(review);
  // Upstream shows no kind here: its internal objects have none.
  if (mistakes.length > 0) throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', mistakes);
  const { resourceAttributes, nonResourceAttributes } = accessSpec(review);
  const { namespace = '', group = '', version = '', resource = '', subresource = '', name = '' } = resourceAttributes ?? {};
  const selected = selectedBy(resourceAttributes);
  const attributes: AuthorizerAttributes = {
    user,
    isResource: resourceAttributes !== undefined,
    verb: resourceAttributes?.verb ?? nonResourceAttributes?.verb ?? '',
    path: nonResourceAttributes?.path ?? '',
    ...{ namespace, group, version: version || '*', resource, subresource, name },
    fieldSelector: selected.fieldSelector,
  };
  const { allowed, denied, reason, evaluationError } = await call.services.authorizer.authorize(attributes);
  const errors = [...(evaluationError ? [evaluationError] : []), ...selected.errors].join('; ');
  return { allowed, ...(denied ? { denied } : {}), ...(reason ? { reason } : {}), ...(errors ? { evaluationError: errors } : {}) };
}

interface Selected {
  /** As a query would have it; empty if there is none, or none that can be understood. */
  readonly fieldSelector: string;
  /** What is told of selectors that nobody could look at (pkg/registry/authorization/util BuildEvaluationError). */
  readonly errors: readonly string[];
}

/** Selectors only narrow what is asked about: one that makes no sense is left out (ResourceAttributesFrom). */
function selectedBy({ fieldSelector, labelSelector }: ResourceAttributes = {}): Selected {
  const [fields, fieldErrors] = selectedFields(fieldSelector);
  const unknownLabels = (labelSelector?.requirements ?? []).filter(({ operator = '' }) => !labelOperators.includes(operator)).length;
  const labelErrors = labelSelector?.rawSelector
    ? parsedOrIgnored('labelSelector', () => parseLabelSelector(labelSelector.rawSelector!))
    : ignored('labelSelector', unknownLabels, labelSelector?.requirements?.length ?? 0);
  return { fieldSelector: fields, errors: [...fieldErrors, ...labelErrors] };
}

const labelOperators: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Of requirements, those that a query can say. */
function selectedFields({ rawSelector, requirements = [] }: SelectorAttributes = {}): readonly [string, readonly string[]] {
  if (rawSelector) {
    const errors = parsedOrIgnored('fieldSelector', () => parseFieldSelector(rawSelector));
    return [errors.length > 0 ? '' : rawSelector, errors];
  }
  const said = requirements.filter(({ operator, values }) => (operator === 'In' || operator === 'NotIn') && values?.length === 1);
  return [said.map(requirementText).join(','), ignored('fieldSelector', requirements.length - said.length, requirements.length)];
}

function parsedOrIgnored(what: string, parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch {
    return ignored(what, 1, 1);
  }
}

function ignored(what: string, unknown: number, all: number): readonly string[] {
  if (unknown === 0) return [];
  return [`spec.resourceAttributes.${what}${unknown < all ? ' partially' : ''} ignored due to parse error`];
}

function requirementText({ key, operator, values }: SelectorRequirement): string {
  return `${key}${operator === 'In' ? '=' : '!='}${values?.[0]}`;
}
