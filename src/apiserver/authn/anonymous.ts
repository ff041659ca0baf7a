import type { UserInfo } from '../../machinery/handler.ts';
import type { Authenticator } from './authenticator.ts';
import { anonymousName, unauthenticatedGroup } from './authenticator.ts';

const anonymous: UserInfo = { username: anonymousName, groups: [unauthenticatedGroup] };

/** What anybody may ask of a cluster that kubeadm has made: the role system:public-info-viewer. */
const publicPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version', '/version/']);

/**
 * Whoever shows no credentials is system:anonymous on the public paths, so that a probe needs none; everywhere else that is a 401.
 * Upstream's AuthenticationConfiguration says the same with `anonymous.conditions`.
 *
 * Differs from upstream: kube-apiserver's own default is anonymous everywhere, so that a client which has lost its credentials reads 403
 * and looks for a missing role. Here it reads 401, which is what is wrong.
 */
export const anonymousAuthenticator: Authenticator = ({ path, headers }) => {
  if (headers.authorization !== undefined || !publicPaths.has(path)) return undefined;
  return anonymous;
};

/** Upstream's --anonymous-auth: whoever shows no credentials is somebody too. The last authenticator. */
export const anonymousEverywhere: Authenticator = () => anonymous;
