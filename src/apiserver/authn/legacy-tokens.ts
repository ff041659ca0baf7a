import type { Secret, ServiceAccount } from '../../../generated/types/index.ts';
import type { ObjectReader } from '../../admission/types.ts';
import type { AuthenticatedToken, TokenAuthenticator } from './authenticator.ts';
import { TokenError } from './authenticator.ts';
import { readToken, signToken } from './jwt.ts';
import type { TokenSigner } from './token-signer.ts';

const issuer = 'kubernetes/serviceaccount';
const prefix = 'kubernetes.io/serviceaccount';

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly 'kubernetes.io/serviceaccount/namespace': string;
  readonly 'kubernetes.io/serviceaccount/secret.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.uid': string;
}

/** The account of a token, and the Secret that holds it. */
export interface LegacyTokenRequest {
  readonly namespace: string;
  readonly account: { readonly name: string; readonly uid: string };
  readonly secret: string;
}

/** Tokens that live in Secrets of type kubernetes.io/service-account-token and never expire (pkg/serviceaccount legacy.go). */
export class LegacyTokens implements TokenAuthenticator {
  constructor(
    readonly signer: TokenSigner,
    readonly reader: ObjectReader,
    readonly audiences: readonly string[],
  ) {}

  issue({ namespace, account, secret }: LegacyTokenRequest): string {
    return signToken(this.signer, {
      iss: issuer,
      [`${prefix}/namespace`]: namespace,
      [`${prefix}/secret.name`]: secret,
      [`${prefix}/service-account.name`]: account.name,
      [`${prefix}/service-account.uid`]: account.uid,
      sub: `system:serviceaccount:${namespace}:${account.name}`,
    });
  }

  async authenticate(token: string, audiences: readonly string[]): Promise<AuthenticatedToken | undefined> {
    const claims = readToken<Claims>(this.signer, token, issuer);
    if (!claims) return undefined;
    const meant = audiences.filter((one) => this.audiences.includes(one));
    const namespace = claims[`${prefix}/namespace`];
    const uid = claims[`${prefix}/service-account.uid`];
    const [secret, account] = await Promise.all([
      this.reader.get<Secret>({ group: '', resource: 'secrets' }, namespace, claims[`${prefix}/secret.name`]),
      this.reader.get<ServiceAccount>({ group: '', resource: 'serviceaccounts' }, namespace, claims[`${prefix}/service-account.name`]),
    ]);
    const held = Buffer.from(secret?.data?.token ?? '', 'base64').toString('utf8');
    if (meant.length === 0 || held !== token || account?.metadata?.uid !== uid) throw new TokenError('service account token has been invalidated');
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    return { user: { username: claims.sub, uid, groups }, audiences: meant };
  }
}
