import type { Secret, ServiceAccount } from '../../../generated/types/index.ts';
import type { ObjectReader } from '../../admission/types.ts';
import type { Clock, Metrics } from '../../env/index.ts';
import { formatTime } from '../../machinery/time.ts';
import type { ObjectKey } from '../../machinery/types.ts';
import type { AuthenticatedToken, AuthenticationNotes, TokenAuthenticator } from './authenticator.ts';
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

export interface LegacyTokensOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly signer: TokenSigner;
  readonly reader: ObjectReader;
  readonly audiences: readonly string[];
  /** Sets labels of a Secret; never fails, since nobody is refused because their use could not be written down. */
  readonly labelSecret: (key: ObjectKey, labels: Readonly<Record<string, string>>) => Promise<void>;
}

const dayMs = 24 * 3_600_000;
const dayOf = (now: number): string => formatTime(now).slice(0, 10);
const lastUsed = 'kubernetes.io/legacy-token-last-used';
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';

const invalidatedText = (secret: string, account: string): string =>
  `the token in secret ${secret} for service account ${account} has been marked invalid. Use tokens from the TokenRequest API or manually created ` +
  `secret-based tokens, or remove the '${invalidSince}' label from the secret to temporarily allow use of this token`;

/** Tokens that live in Secrets of type kubernetes.io/service-account-token and never expire (pkg/serviceaccount legacy.go). */
export class LegacyTokens implements TokenAuthenticator {
  readonly #uses;

  constructor(readonly options: LegacyTokensOptions) {
    const { metrics } = options;
    this.#uses = {
      all: metrics.counters('serviceaccount_legacy_tokens_total', '[ALPHA] Tokens in Secrets that were used.'),
      auto: metrics.counters('serviceaccount_legacy_auto_token_uses_total', '[ALPHA] Uses of tokens in Secrets that nobody made by hand.'),
      manual: metrics.counters('serviceaccount_legacy_manual_token_uses_total', '[ALPHA] Uses of tokens in Secrets that somebody made by hand.'),
      invalid: metrics.counters('serviceaccount_invalid_legacy_auto_token_uses_total', '[ALPHA] Uses of tokens in Secrets that are marked as invalid.'),
    };
  }

  issue({ namespace, account, secret }: LegacyTokenRequest): string {
    return signToken(this.options.signer, {
      iss: issuer,
      [`${prefix}/namespace`]: namespace,
      [`${prefix}/secret.name`]: secret,
      [`${prefix}/service-account.name`]: account.name,
      [`${prefix}/service-account.uid`]: account.uid,
      sub: `system:serviceaccount:${namespace}:${account.name}`,
    });
  }

  async authenticate(token: string, audiences: readonly string[], notes: AuthenticationNotes): Promise<AuthenticatedToken | undefined> {
    const { signer, audiences: own } = this.options;
    const claims = readToken<Claims>(signer, token, issuer);
    if (!claims) return undefined;
    this.#uses.all.add(1);
    notes.annotate('authentication.k8s.io/legacy-token', claims.sub);
    const meant = audiences.filter((one) => own.includes(one));
    if (meant.length === 0) throw wrongAudience(own, audiences);
    const namespace = claims[`${prefix}/namespace`];
    const uid = claims[`${prefix}/service-account.uid`];
    const secret = await this.#checkSecret(namespace, claims[`${prefix}/secret.name`], token);
    const account = await this.#checkAccount(namespace, { name: claims[`${prefix}/service-account.name`], uid });
    await this.#noteUse(secret, account, notes);
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    return { user: { username: claims.sub, uid, groups }, audiences: meant };
  }

  /** The Secret must hold this very token. */
  async #checkSecret(namespace: string, name: string, token: string): Promise<Readonly<Secret>> {
    const secret = await this.options.reader.get<Secret>({ group: '', resource: 'secrets' }, namespace, name);
    if (!secret || secret.metadata?.deletionTimestamp) throw new TokenError('Token has been invalidated');
    const held = Buffer.from(secret.data?.token ?? '', 'base64').toString('utf8');
    if (held !== token) throw new TokenError("Token does not match server's copy");
    return secret;
  }

  async #checkAccount(namespace: string, { name, uid }: Reference): Promise<Readonly<ServiceAccount>> {
    const account = await this.options.reader.get<ServiceAccount>({ group: '', resource: 'serviceaccounts' }, namespace, name);
    if (!account) throw new TokenError(`serviceaccounts ${JSON.stringify(name)} not found`);
    if (account.metadata?.deletionTimestamp) throw new TokenError(`ServiceAccount ${namespace}/${name} has been deleted`);
    const own = account.metadata?.uid ?? '';
    if (own !== uid) throw new TokenError(`ServiceAccount UID (${own}) does not match claim (${uid})`);
    return account;
  }

  /** Such tokens should go: who uses one is warned or told of, and the Secret says on which day that was. */
  async #noteUse({ metadata }: Readonly<Secret>, account: Readonly<ServiceAccount>, notes: AuthenticationNotes): Promise<void> {
    const { name = '', namespace = '', labels = {} } = metadata ?? {};
    const isInvalid = Boolean(labels[invalidSince]);
    if (isInvalid) {
      notes.annotate('authentication.k8s.io/legacy-token-invalidated', `${name}/${namespace}`);
      this.#uses.invalid.add(1);
    } else if (account.secrets?.some((one) => one.name === name)) {
      notes.warn('Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.');
      notes.annotate('authentication.k8s.io/legacy-token-autogenerated-secret', name);
      this.#uses.auto.add(1);
    } else {
      notes.annotate('authentication.k8s.io/legacy-token-manual-secret', name);
      this.#uses.manual.add(1);
    }
    const now = this.options.clock.now();
    const today = dayOf(now);
    if (![today, dayOf(now + dayMs)].includes(labels[lastUsed] ?? '')) await this.options.labelSecret({ namespace, name }, { [lastUsed]: today });
    if (isInvalid) throw new TokenError(invalidatedText(`${namespace}/${name}`, `${namespace}/${account.metadata?.name}`));
  }
}
