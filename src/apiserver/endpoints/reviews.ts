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

/** A resource that is only ever asked, never stored. */
export interface ReviewResource {
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly gvk: GroupVersionKind;
  answer(call: Call, review: AnyObject): Promise<object> | object;
}

const authorization = (kind: string): GroupVersionKind => ({ group: 'authorization.k8s.io', version: 'v1', kind });

/** The reviews of authentication.k8s.io and authorization.k8s.io, answered from the authorizer. */
export const reviewResources: readonly ReviewResource[] = [
  {
    plural: 'selfsubjectreviews',
    singular: 'selfsubjectreview',
    namespaced: false,
    gvk: { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview' },
    answer: ({ user }) => ({ userInfo: { username: user.username, ...(user.uid ? { uid: user.uid } : {}), groups: user.groups, extra: user.extra } }),
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
  const answered = { kind, apiVersion, metadata: { creationTimestamp: null, ...metadata }, ...(spec === undefined ? {} : { spec }), status };
  return { status: 201, body: dataBody(answered, form) };
}

interface AccessSpec {
  readonly resourceAttributes?: Readonly<Record<'namespace' | 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'name', string | undefined>>;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
}

function reviewedUser(review: AnyObject): UserInfo {
  const { user = '', groups = [], uid } = (review.spec ?? {}) as AccessSpec;
  return { username: user, groups, uid };
}

async function decide(call: Call, review: AnyObject, user: UserInfo): Promise<object> {
  const { resourceAttributes, nonResourceAttributes } = (review.spec ?? {}) as AccessSpec;
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    const kind = { group: 'authorization.k8s.io', kind: review.kind ?? '' };
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw invalid(kind, '', [invalidValue('spec.resourceAttributes', resourceAttributes ?? 'null', why)]);
  }
  const asked = resourceAttributes ?? {};
  const { namespace = '', group = '', version = '*', resource = '', subresource = '', name = '' } = asked as Record<string, string | undefined>;
  const attributes: AuthorizerAttributes = {
    user,
    isResource: resourceAttributes !== undefined,
    verb: resourceAttributes?.verb ?? nonResourceAttributes?.verb ?? '',
    path: nonResourceAttributes?.path ?? '',
    ...{ namespace, group, version, resource, subresource, name },
  };
  const { allowed, denied, reason } = await call.services.authorizer.authorize(attributes);
  return { allowed, ...(denied ? { denied } : {}), ...(reason ? { reason } : {}) };
}
