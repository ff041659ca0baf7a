import type { ClientCertificate, UserInfo } from '../../machinery/handler.ts';
import { unauthorized } from '../../machinery/status-error.ts';
import type { Authenticator } from './authenticator.ts';
import { withAuthenticatedGroup } from './authenticator.ts';

/** Where a user's extra says which credential was shown (authentication/user CredentialIDKey). */
const credentialId = 'authentication.kubernetes.io/credential-id';

/**
 * A client certificate that TLS has verified: the common name is the user, the organizations are the groups, and the subject may
 * hold a uid (apiserver/pkg/authentication/request/x509 CommonNameUserConversion, gate AllowParsingUserUIDFromCertAuth).
 * @throws StatusError 401 for one that could not be verified, or has an empty uid or several: whoever shows it is nobody, not anonymous
 */
export const x509Authenticator: Authenticator = ({ clientCertificate }) => {
  if (clientCertificate?.untrusted) throw unauthorized();
  if (!clientCertificate?.commonName) return undefined;
  let user = users.get(clientCertificate);
  if (!user) users.set(clientCertificate, (user = userOf(clientCertificate)));
  return user;
};

/** A connection shows the same certificate with every request. */
const users = new WeakMap<ClientCertificate, UserInfo>();

function userOf({ commonName, organizations, sha256, uids = [] }: ClientCertificate): UserInfo {
  const [uid] = uids;
  if (uids.length > 1 || uid === '') throw unauthorized();
  return withAuthenticatedGroup({
    username: commonName,
    groups: organizations,
    ...(uid === undefined ? {} : { uid }),
    ...(sha256 ? { extra: { [credentialId]: [`X509SHA256=${sha256}`] } } : {}),
  });
}
