import type { Node, Pod, Secret, ServiceAccount } from '../../../generated/types/index.ts';
import type { ObjectReader } from '../../admission/types.ts';
import type { Clock, Metrics, RandomStream } from '../../env/index.ts';
import { uuidOf } from '../../env/index.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { AuthenticatedToken, AuthenticationNotes, TokenAuthenticator } from './authenticator.ts';
import { TokenError, wrongAudience } from './authenticator.ts';
import { readToken, signToken } from './jwt.ts';
import type { TokenSigner } from './token-signer.ts';

export interface Reference {
  readonly name: string;
  readonly uid: string;
}

/** What a token is bound to beside its account: it is worthless once that is gone. */
export interface TokenBinding {
  readonly pod?: Reference;
  readonly secret?: Reference;
  /** Of a pod, or on its own. */
  readonly node?: Reference;
}

interface PrivateClaims extends TokenBinding {
  readonly namespace: string;
  readonly serviceaccount: Reference;
  /** Seconds since the epoch. */
  readonly warnafter?: number;
}

interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': PrivateClaims;
  readonly nbf: number;
  readonly sub: string;
}

export interface IssueRequest {
  readonly namespace: string;
  readonly account: Reference;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly binding: TokenBinding;
}

export interface IssuedToken {
  readonly token: string;
  /** When it is said to expire, in simulated seconds since the epoch. */
  readonly expiresAtSeconds: number;
  /** By which the audit log knows it again. */
  readonly id: string;
}

export interface ServiceAccountTokensOptions {
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly signer: TokenSigner;
  /** `https://kubernetes.default.svc.cluster.local` */
  readonly issuer: string;
  /** Audiences of the API server itself; the issuer if absent. */
  readonly audiences?: readonly string[];
  readonly reader: ObjectReader;
  readonly metrics: Metrics;
}

/** How long pods ask for: such tokens last longer than they say, for clients that read them but once. */
const injectedSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;
const extraPrefix = 'authentication.kubernetes.io';

/** Clocks differ: a token, and what it is bound to, counts for so long after its end. */
const leewaySeconds = 60;
const invalidated = 'service account token has been invalidated';

/**
 * Tokens of service accounts: JSON Web Tokens that say what they are bound to, checked against storage at each use
 * (pkg/serviceaccount claims.go, jwt.go; --service-account-extend-token-expiration is on, as by default).
 */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly audiences: readonly string[];
  readonly #valid;
  readonly #stale;

  constructor(readonly options: ServiceAccountTokensOptions) {
    const { metrics } = options;
    this.#valid = metrics.counters('serviceaccount_valid_tokens_total', '[ALPHA] Tokens of service accounts that were good and new enough.');
    this.#stale = metrics.counters('serviceaccount_stale_tokens_total', '[ALPHA] Tokens of service accounts that their owner should have fetched anew.');
    this.audiences = options.audiences ?? [options.issuer];
  }

  issue({ namespace, account, audiences, expirationSeconds, binding }: IssueRequest): IssuedToken {
    const { clock, issuer } = this.options;
    const now = Math.floor(clock.now() / 1000);
    const extended = expirationSeconds === injectedSeconds && binding.pod !== undefined && audiences.some((one) => this.audiences.includes(one));
    const { pod, secret, node } = binding;
    const claims: Claims = {
      aud: audiences,
      exp: now + (extended ? extendedSeconds : expirationSeconds),
      iat: now,
      iss: issuer,
      jti: this.#tokenId(),
      'kubernetes.io': {
        namespace,
        ...(node ? { node } : {}),
        ...(pod ? { pod } : {}),
        ...(secret ? { secret } : {}),
        serviceaccount: account,
        ...(extended ? { warnafter: now + expirationSeconds } : {}),
      },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${account.name}`,
    };
    return { token: signToken(this.options.signer, claims), expiresAtSeconds: now + expirationSeconds, id: claims.jti };
  }

  async authenticate(token: string, audiences: readonly string[], notes: AuthenticationNotes): Promise<AuthenticatedToken | undefined> {
    const claims = readToken<Claims>(this.options.signer, token, this.options.issuer);
    if (!claims) return undefined;
    const meant = audiences.filter((one) => claims.aud.includes(one));
    if (meant.length === 0) throw wrongAudience(claims.aud, audiences);
    this.#checkTime(claims);
    const user = await this.#userOf(claims);
    this.#noteAge(claims, notes);
    return { user, audiences: meant };
  }

  /** A pod's token lasts a year for those who read it but once; who does so is told of in the audit log. */
  #noteAge({ sub, 'kubernetes.io': { warnafter = 0 } }: Claims, notes: AuthenticationNotes): void {
    const late = Math.floor(this.options.clock.now() / 1000) - warnafter;
    if (warnafter === 0 || late <= 0) {
      this.#valid.add(1);
      return;
    }
    notes.annotate('authentication.k8s.io/stale-token', `subject: ${sub}, seconds after warning threshold: ${late}`);
    this.#stale.add(1);
  }

  /** What `/.well-known/openid-configuration` says. */
  openIdConfiguration(serverAddress: string): object {
    return {
      issuer: this.options.issuer,
      jwks_uri: `https://${serverAddress}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [this.options.signer.algorithm],
    };
  }

  /** The keys that tokens can be checked with. */
  keySet(): object {
    const { signer } = this.options;
    return { keys: signer.publicKey ? [{ use: 'sig', kty: 'EC', kid: signer.keyId, alg: signer.algorithm, ...signer.publicKey }] : [] };
  }

  #checkTime({ exp, iat, nbf }: Claims): void {
    const now = this.options.clock.now() / 1000;
    if (now + leewaySeconds < nbf) throw new TokenError('service account token is not valid yet');
    if (now - leewaySeconds > exp) throw new TokenError('service account token has expired');
    if (now + leewaySeconds < iat) throw new TokenError('service account token is issued in the future');
  }

  async #userOf(claims: Claims): Promise<UserInfo> {
    const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
    await this.#checkAccount(namespace, serviceaccount);
    if (secret) await this.#checkBound<Secret>('secrets', namespace, secret, 'secret');
    if (pod) await this.#checkBound<Pod>('pods', namespace, pod, 'pod');
    // A pod's node is said for information; only a token for a node alone goes with it.
    if (node && !pod) await this.#checkBound<Node>('nodes', undefined, node, 'node');
    const one = (name: string, value: string) => ({ [`${extraPrefix}/${name}`]: [value] });
    return {
      username: claims.sub,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
      extra: {
        ...one('credential-id', `JTI=${claims.jti}`),
        ...(node ? { ...one('node-name', node.name), ...(node.uid ? one('node-uid', node.uid) : {}) } : {}),
        ...(pod ? { ...one('pod-name', pod.name), ...one('pod-uid', pod.uid) } : {}),
      },
    };
  }

  async #checkAccount(namespace: string, { name, uid }: Reference): Promise<void> {
    const account = await this.options.reader.get<ServiceAccount>({ group: '', resource: 'serviceaccounts' }, namespace, name);
    if (!account) throw new TokenError(`serviceaccounts ${JSON.stringify(name)} not found`);
    const own = account.metadata?.uid ?? '';
    if (own !== uid) throw new TokenError(`service account UID (${own}) does not match claim (${uid})`);
    if (this.#isGone(account)) throw new TokenError(`service account ${namespace}/${name} has been deleted`);
  }

  /** What the token is bound to must still be there, be the same one, and not have been gone for more than a minute. */
  async #checkBound<T extends KubeObject>(resource: string, namespace: string | undefined, { name, uid }: Reference, what: string): Promise<void> {
    const object = await this.options.reader.get<T>({ group: '', resource }, namespace, name);
    if (!object) throw new TokenError(invalidated);
    const own = object.metadata?.uid ?? '';
    if (own !== uid) throw new TokenError(`${what} UID (${own}) does not match service account ${what} ref claim (${uid})`);
    if (this.#isGone(object)) throw new TokenError(invalidated);
  }

  #isGone({ metadata }: Readonly<KubeObject>): boolean {
    const deleted = metadata?.deletionTimestamp;
    return deleted !== undefined && Date.parse(deleted) + leewaySeconds * 1000 < this.options.clock.now();
  }

  #tokenId(): string {
    return uuidOf(this.options.random.bytes(16));
  }
}
