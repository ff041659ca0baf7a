import type { SignerAccess } from '../../admission/plugins/index.ts';
import type { Authorizer } from './authorizer.ts';

/**
 * Whether somebody may act for a signer of certificates: allowed for it by name, or for all of its domain
 * (pkg/certauthorization IsAuthorizedForSignerName).
 */
export function signerAccess(authorizer: Authorizer): SignerAccess {
  return {
    async allowed(user, verb, signerName) {
      const attributes = {
        user,
        verb,
        isResource: true,
        group: 'certificates.k8s.io',
        version: '*',
        resource: 'signers',
        subresource: '',
        namespace: '',
        path: '',
      };
      for (const name of [signerName, `${signerName.split('/')[0]}/*`]) if ((await authorizer.authorize({ ...attributes, name })).allowed) return true;
      return false;
    },
  };
}
