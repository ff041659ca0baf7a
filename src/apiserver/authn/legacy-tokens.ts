import type { Secret, ServiceAccount } from '../../../generated/types/index.ts';
import type { ObjectReader } from '../../admission/types.ts';
import type { AuthenticatedToken, TokenAuthenticator } from './authenticator.ts';
import { TokenError, wrongAudience } from './authenticator.ts';
import { readToken, signToken } from './jwt.ts';
import type { Reference } from './service-account-tokens.ts';
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
    if (meant.length === 0) throw wrongAudience(this.audiences, audiences);
    const namespace = claims[`${prefix}/namespace`];
    const uid = claims[`${prefix}/service-account.uid`];
    await this.#checkSecret(namespace, claims[`${prefix}/secret.name`], token);
    await this.#checkAccount(namespace, { name: claims[`${prefix}/service-account.name`], uid });
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    return { user: { username: claims.sub, uid, groups }, audiences: meant };
  }

  /** The Secret must hold this very token. */
  async #checkSecret(namespace: string, name: string, token: string): Promise<void> {
    const secret = await this.reader.get<Secret>({ group: '', resource: 'secrets' }, namespace, name);
    if (!secret || secret.metadata?.deletionTimestamp) throw new TokenError('Token has been invalidated');
    const held = Buffer.from(secret.data?.token ?? '', 'base64').toString('utf8');
    if (held !== token) throw new TokenError("Token does not match server's copy");
  }

  async #checkAccount(namespace: string, { name, uid }: Reference): Promise<void> {
    const account = await this.reader.get<ServiceAccount>({ group: '', resource: 'serviceaccounts' }, namespace, name);
    if (!account) throw new TokenError(`serviceaccounts ${JSON.stringify(name)} not found`);
    if (account.metadata?.deletionTimestamp) throw new TokenError(`ServiceAccount ${namespace}/${name} has been deleted`);
    const own = account.metadata?.uid ?? '';
    if (own !== uid) throw new TokenError(`ServiceAccount UID (${own}) does not match claim (${uid})`);
  }
}
