import type { UserInfo } from '../../machinery/handler.ts';
import { badRequest } from '../../machinery/status-error.ts';
import type { AnyObject } from '../../machinery/types.ts';
import { TokenError, withAuthenticatedGroup } from '../authn/index.ts';
import type { Call } from '../call.ts';

/** A TokenReview's status: who the bearer of the token is (pkg/registry/authentication/tokenreview). */
export async function reviewToken(call: Call, review: AnyObject): Promise<object> {
  const { services } = call;
  const { token = '', audiences = [] } = (review.spec ?? {}) as { token?: string; audiences?: string[] };
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const wanted = audiences.length > 0 ? audiences : (services.tokens?.audiences ?? []);
  try {
    const found = await services.tokenAuthenticator?.authenticate(token, wanted, call);
    if (!found) return { user: {}, error: 'invalid bearer token' };
    const common = found.audiences.length > 0 ? { audiences: found.audiences } : {};
    return { authenticated: true, user: userStatus(withAuthenticatedGroup(found.user)), ...common };
  } catch (error) {
    if (error instanceof TokenError) return { user: {}, error: error.message };
    throw error;
  }
}

/** A UserInfo as reviews show it. */
export function userStatus({ username, uid, groups, extra }: UserInfo): object {
  return { username, ...(uid ? { uid } : {}), groups, ...(extra && Object.keys(extra).length > 0 ? { extra } : {}) };
}
