import type { AuthenticationV1TokenRequest as TokenRequest } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import type { TokenFor } from '../kubelet/index.ts';

/** Asks the API for a token of a pod's service account, bound to the pod, as the node: what a kubelet does for projected volumes. */
export function tokensFromApi(client: Pick<Client, 'serviceAccounts'>): TokenFor {
  return async (pod, { audience, expirationSeconds }) => {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
    };
    const key = { namespace, name: pod.spec?.serviceAccountName || 'default' };
    const { status } = (await client.serviceAccounts.createSubresource(key, 'token', request)) as TokenRequest;
    return { token: status?.token ?? '', expiresAt: Date.parse(status?.expirationTimestamp ?? '') };
  };
}
