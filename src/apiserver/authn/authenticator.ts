import { goQuoted } from '../../machinery/go-syntax.ts';
import type { ApiRequest, UserInfo } from '../../machinery/handler.ts';
import { unauthorized } from '../../machinery/status-error.ts';

/** Tells who asks; undefined if this way of asking was not used. Throws a StatusError for credentials that are wrong. */
export type Authenticator = (request: ApiRequest, notes: AuthenticationNotes) => UserInfo | undefined | Promise<UserInfo | undefined>;

/** What is to be said of credentials, good or not, beside who shows them. */
export interface AuthenticationNotes {
  /** To the audit log. */
  annotate(key: string, value: string): void;
  /** To whoever asks. */
  warn(text: string): void;
}

/** What a token turns out to be worth. */
export interface AuthenticatedToken {
  readonly user: UserInfo;
  /** Of the audiences asked for, those that the token is meant for. */
  readonly audiences: readonly string[];
}

/** Looks at bearer tokens of one kind. Undefined: none of mine. Throws a TokenError: one of mine, and not good. */
export interface TokenAuthenticator {
  authenticate(
    token: string,
    audiences: readonly string[],
    notes: AuthenticationNotes,
  ): AuthenticatedToken | undefined | Promise<AuthenticatedToken | undefined>;
}

/** Why a token is refused; clients see it only in a TokenReview. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** A token for somebody else (pkg/serviceaccount jwt.go). */
export function wrongAudience(tokens: readonly string[], wanted: readonly string[]): TokenError {
  return new TokenError(`token audiences ${goQuoted(tokens)} is invalid for the target audiences ${goQuoted(wanted)}`);
}

export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousName = 'system:anonymous';

/** Every user who has proven who they are is in one more group. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.groups.includes(authenticatedGroup) || user.username === anonymousName) return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}

/** Looks at `Authorization: Bearer …` and, for browsers, at the WebSocket's subprotocol. Tokens that nobody knows are refused with 401. */
export function bearerAuthenticator(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  const check = async (token: string, notes: AuthenticationNotes) => {
    try {
      const found = await tokens.authenticate(token, audiences, notes);
      if (found) return withAuthenticatedGroup(found.user);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
    }
    throw unauthorized();
  };
  return (request, notes) => {
    const token = bearerToken(request.headers, notes);
    return token === undefined ? undefined : check(token, notes);
  };
}

const socketProtocol = 'base64url.bearer.authorization.k8s.io.';

function bearerToken(headers: ApiRequest['headers'], notes: AuthenticationNotes): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const [scheme = '', token = '', ...rest] = authorization.trim().split(' ');
    if (scheme.toLowerCase() !== 'bearer') return undefined;
    if (token !== '') return token;
    if (rest.length > 0) notes.warn('the provided Authorization header contains extra space before the bearer token, and is ignored');
    return undefined;
  }
  const offered = headers['sec-websocket-protocol'];
  if (!offered) return undefined;
  const own = offered
    .split(',')
    .map((one) => one.trim())
    .find((one) => one.startsWith(socketProtocol));
  return own === undefined ? undefined : Buffer.from(own.slice(socketProtocol.length), 'base64url').toString('utf8');
}

/** Asks one after the other; what several of them have against a token is told together (token/union). */
export function unionTokens(all: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticate(token, audiences, notes) {
      const errors: string[] = [];
      for (const one of all) {
        try {
          const found = await one.authenticate(token, audiences, notes);
          if (found) return found;
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
          errors.push(error.message);
        }
      }
      if (errors.length > 0) throw new TokenError(`[invalid bearer token, ${errors.join(', ')}]`);
      return undefined;
    },
  };
}

/** Asks one after the other. Who fails is told only when nobody knows the request: another of its credentials may be good (request/union). */
export function unionAuthenticators([first, ...others]: readonly Authenticator[]): Authenticator {
  if (!first) return () => undefined;
  const rest = unionAuthenticators(others);
  return (request, notes) => {
    const next = (user: UserInfo | undefined) => user ?? rest(request, notes);
    const failed = async (error: unknown) => {
      const user = await Promise.resolve(request)
        .then((one) => rest(one, notes))
        .catch(() => undefined);
      if (user) return user;
      throw error;
    };
    try {
      const user = first(request, notes);
      return user instanceof Promise ? user.then(next, failed) : next(user);
    } catch (error) {
      return failed(error);
    }
  };
}

/** Asks one after the other; who fails has the last word. */
export function authenticatorsInTurn([first, ...others]: readonly Authenticator[]): Authenticator {
  if (!first) return () => undefined;
  const rest = authenticatorsInTurn(others);
  return (request, notes) => {
    const user = first(request, notes);
    return user instanceof Promise ? user.then((found) => found ?? rest(request, notes)) : (user ?? rest(request, notes));
  };
}
