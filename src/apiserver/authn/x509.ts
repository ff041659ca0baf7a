import type { Authenticator } from './authenticator.ts';
import { withAuthenticatedGroup } from './authenticator.ts';

/** A client certificate that TLS has verified: the common name is the user, the organizations are the groups. */
export const x509Authenticator: Authenticator = ({ clientCertificate }) => {
  if (!clientCertificate?.commonName) return undefined;
  return withAuthenticatedGroup({ username: clientCertificate.commonName, groups: clientCertificate.organizations });
};
