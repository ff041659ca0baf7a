import type { ApiRequest, UserInfo } from '../../machinery/handler.ts';

/** Tells who asks; undefined if this way of asking was not used. Throws a StatusError for credentials that are wrong. */
export type Authenticator = (request: ApiRequest) => UserInfo | undefined | Promise<UserInfo | undefined>;

const authenticated = 'system:authenticated';

/** Every user who has proven who they are is in one more group. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  return user.groups.includes(authenticated) ? user : { ...user, groups: [...user.groups, authenticated] };
}
