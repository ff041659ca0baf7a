import type { Client } from '../client/index.ts';
import { createClient } from '../client/index.ts';
import type { Handler, UserInfo } from '../machinery/index.ts';

/** Upstream's user of each component. */
export const componentUser = {
  /** A controller's own account; the manager itself is a user. */
  controller: (name: string): UserInfo => ({
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  }),
  node: (name: string): UserInfo => ({ username: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] }),
  /** The API server, as a client of itself. */
  apiServer: { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] } as UserInfo,
  named: (name: string): UserInfo => ({ username: `system:${name}`, groups: ['system:authenticated'] }),
  admin: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] } as UserInfo,
};

/** A client that calls as `user`, and names the component it belongs to, and the part of it, as upstream's components do. */
export function componentClient(handler: Handler, user: UserInfo, component: string, part?: string): Client {
  return createClient(handler, user, { userAgent: `${component}/v1.33.0 (linux/amd64) kubernetes/paperkube${part ? `/${part}` : ''}` });
}
