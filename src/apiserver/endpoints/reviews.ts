import type { FieldError } from '../../machinery/field-error.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import { badRequest, invalid } from '../../machinery/status-error.ts';
import type { AnyObject, GroupVersionKind } from '../../machinery/types.ts';
import type { Answer } from '../answers.ts';
import { dataBody } from '../answers.ts';
import type { AuthorizerAttributes } from '../authz/index.ts';
import { decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import { writeOptions } from '../request-options.ts';
import { reviewToken, userStatus } from './token-review.ts';

/** A resource that is only ever asked, never stored. */
export interface ReviewResource {
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly gvk: GroupVersionKind;
  answer(call: Call, review: AnyObject): Promise<object> | object;
  /** The question is not repeated in the answer. */
  readonly withoutSpec?: boolean;
}

const authorization = (kind: string): GroupVersionKind => ({ group: 'authorization.k8s.io', version: 'v1', kind });

/** The reviews of authentication.k8s.io and authorization.k8s.io, answered from the authorizer. */
export const reviewResources: readonly ReviewResource[] = [
  {
    plural: 'selfsubjectreviews',
    singular: 'selfsubjectreview',
    namespaced: false,
    gvk: { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview' },
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
    answer: (call, review) => {
      checkLocal(call, review);
      return decide(call, review, reviewedUser(review));
    },
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
    withoutSpec: true,
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
  const status = await review.answer(call, object);
  const { kind, apiVersion, metadata, spec } = object;
  const shown = review.withoutSpec ? {} : spec;
  const answered = { kind, apiVersion, metadata: { creationTimestamp: null, ...metadata }, ...(shown === undefined ? {} : { spec: shown }), status };
  return { status: 201, body: dataBody(answered, form) };
}

interface AccessSpec {
  readonly resourceAttributes?: Readonly<Partial<Record<'namespace' | 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'name', string>>> & {
    readonly fieldSelector?: { readonly rawSelector?: string; readonly requirements?: readonly SelectorRequirement[] };
  };
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

interface SelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

const accessSpec = (review: AnyObject): AccessSpec => (review.spec ?? {}) as AccessSpec;

function reviewedUser(review: AnyObject): UserInfo {
  const { user = '', groups = [], uid, extra } = accessSpec(review);
  return { username: user, groups, uid, extra };
}

/** A review in a namespace is about that namespace (pkg/registry/authorization/localsubjectaccessreview). */
function checkLocal(call: Call, review: AnyObject): void {
  const asked = accessSpec(review).resourceAttributes?.namespace ?? '';
  if (accessSpec(review).resourceAttributes && asked !== call.info.namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${call.info.namespace}`);
  }
}

/** pkg/apis/authorization/validation */
function accessMistakes(review: AnyObject): FieldError[] {
  const { resourceAttributes, nonResourceAttributes, user, groups } = accessSpec(review);
  const mistakes: FieldError[] = [];
  if (resourceAttributes && nonResourceAttributes) {
    mistakes.push(invalidValue('spec.nonResourceAttributes', nonResourceAttributes, 'cannot be specified in combination with resourceAttributes'));
  } else if (!resourceAttributes && !nonResourceAttributes) {
    mistakes.push(invalidValue('spec.resourceAttributes', 'null', 'exactly one of nonResourceAttributes or resourceAttributes must be specified'));
  }
  if (review.kind === 'LocalSubjectAccessReview' && nonResourceAttributes) {
    mistakes.push(invalidValue('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request'));
  }
  if (review.kind !== 'SelfSubjectAccessReview' && !user && !groups?.length) {
    mistakes.push(invalidValue('spec.user', '', 'at least one of user or group must be specified'));
  }
  return mistakes;
}

async function decide(call: Call, review: AnyObject, user: UserInfo): Promise<object> {
  const mistakes = accessMistakes(review);
  // Upstream shows no kind here: its internal objects have none.
  if (mistakes.length > 0) throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', mistakes);
  const { resourceAttributes, nonResourceAttributes } = accessSpec(review);
  const { namespace = '', group = '', version = '*', resource = '', subresource = '', name = '', fieldSelector } = resourceAttributes ?? {};
  const attributes: AuthorizerAttributes = {
    user,
    isResource: resourceAttributes !== undefined,
    verb: resourceAttributes?.verb ?? nonResourceAttributes?.verb ?? '',
    path: nonResourceAttributes?.path ?? '',
    ...{ namespace, group, version, resource, subresource, name },
    fieldSelector: fieldSelector?.rawSelector ?? requirementsText(fieldSelector?.requirements),
  };
  const { allowed, denied, reason, evaluationError } = await call.services.authorizer.authorize(attributes);
  return { allowed, ...(denied ? { denied } : {}), ...(reason ? { reason } : {}), ...(evaluationError ? { evaluationError } : {}) };
}

function requirementsText(requirements: readonly SelectorRequirement[] = []): string {
  const equal = requirements.filter(({ operator, values }) => operator === 'In' && values?.length === 1);
  return equal.map(({ key, values }) => `${key}=${values?.[0]}`).join(',');
}
