import { nameIsLabel, nameIsSubdomain } from '../../api/index.ts';
import type { ApiRequest, UserInfo } from '../../machinery/handler.ts';
import { headerValues } from '../../machinery/handler.ts';
import { anonymousName, authenticatedGroup, unauthenticatedGroup } from './authenticator.ts';
import { decodeHeaderKey } from './request-header.ts';

/** What one must be allowed to `impersonate`. */
export interface ImpersonationTarget {
  readonly group: string;
  readonly resource: 'groups' | 'serviceaccounts' | 'uids' | 'userextras' | 'users';
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Impersonation {
  readonly user: UserInfo;
  /** In the order in which they are asked for. */
  readonly targets: readonly ImpersonationTarget[];
}

/** Headers that name no user. Upstream calls that a mistake of its own, in plain text. */
export class ImpersonationError extends Error {
  override readonly name = 'ImpersonationError';
}

const accountPrefix = 'system:serviceaccount:';
const extraPrefix = 'impersonate-extra-';

/**
 * Who the headers `Impersonate-…` ask to be; undefined without them (apiserver/pkg/endpoints/filters/impersonation).
 * @throws ImpersonationError for headers that name no user
 */
export function impersonationOf(request: Pick<ApiRequest, 'headers' | 'headerLines'>): Impersonation | undefined {
  const { headers } = request;
  if (!Object.keys(headers).some((name) => name.startsWith('impersonate-'))) return undefined;
  const username = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'] ?? '';
  const groups = headerValues(request, 'impersonate-group');
  const extra = extraOf(request);
  const extras = Object.keys(extra);
  if (!username) {
    const asked = [
      ...groups.map((group) => `{Group  ${group}    }`),
      ...extras.flatMap((key) => (extra[key] ?? []).map((value) => `{UserExtra  ${value}  authentication.k8s.io/v1  ${key}}`)),
      ...(uid ? [`{UID  ${uid}  authentication.k8s.io/v1  }`] : []),
    ];
    if (asked.length > 0) throw new ImpersonationError(`requested [${asked.join(' ')}] without impersonating a user`);
    return undefined;
  }
  const target = (resource: ImpersonationTarget['resource'], name: string, group = '', subresource = '') => ({
    group,
    resource,
    subresource,
    namespace: '',
    name,
  });
  const account = accountOf(username);
  const targets: ImpersonationTarget[] = [account ? { ...target('serviceaccounts', account.name), namespace: account.namespace } : target('users', username)];
  for (const group of groups) targets.push(target('groups', group));
  for (const key of extras) for (const value of extra[key] ?? []) targets.push(target('userextras', value, 'authentication.k8s.io', key));
  if (uid) targets.push(target('uids', uid, 'authentication.k8s.io'));
  const user: UserInfo = { username, groups: groupsFor(username, groups), ...(uid ? { uid } : {}), ...(extras.length > 0 ? { extra } : {}) };
  return { user, targets };
}

function groupsFor(username: string, asked: readonly string[]): string[] {
  const account = accountOf(username);
  const groups = asked.length === 0 && account ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`] : [...asked];
  if (username === anonymousName) return groups.includes(unauthenticatedGroup) ? groups : [...groups, unauthenticatedGroup];
  return groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup) ? groups : [...groups, authenticatedGroup];
}

/** The account that a user name stands for (apiserver/pkg/authentication/serviceaccount SplitUsername). */
function accountOf(username: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!username.startsWith(accountPrefix)) return undefined;
  const [namespace, name, ...rest] = username.slice(accountPrefix.length).split(':');
  if (!namespace || !name || rest.length > 0) return undefined;
  const isAccount = nameIsLabel(namespace, false).length === 0 && nameIsSubdomain(name, false).length === 0;
  return isAccount ? { namespace, name } : undefined;
}

function extraOf(request: Pick<ApiRequest, 'headers' | 'headerLines'>): Record<string, string[]> {
  const extra: Record<string, string[]> = Object.create(null);
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith(extraPrefix)) extra[decodeHeaderKey(name.slice(extraPrefix.length))] = [...headerValues(request, name)];
  }
  return extra;
}
