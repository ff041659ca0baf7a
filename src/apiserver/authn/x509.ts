import { unauthorized } from '../../machinery/status-error.ts';
import type { Authenticator } from './authenticator.ts';
import { withAuthenticatedGroup } from './authenticator.ts';

/** Where a user's extra says which credential was shown (authentication/user CredentialIDKey). */
const credentialId = 'authentication.kubernetes.io/credential-id';

/**
 * A client certificate that TLS has verified: the common name is the user, the organizations are the groups.
 * @throws StatusError 401 for one that could not be verified: whoever shows it is nobody, not anonymous
 */
export const x509Authenticator: Authenticator = ({ clientCertificate }) => {
  if (clientCertificate?.untrusted) throw unauthorized();
  if (!clientCertificate?.commonName) return undefined;
  const { commonName, organizations, sha256 } = clientCertificate;
  return withAuthenticatedGroup({
    username: commonName,
    groups: organizations,
    ...(sha256 ? { extra: { [credentialId]: [`X509SHA256=${sha256}`] } } : {}),
  });
};
