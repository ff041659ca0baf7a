import { TokenError } from './authenticator.ts';
import type { TokenSigner } from './token-signer.ts';

/** A signed JSON Web Token in its compact form. */
export function signToken(signer: TokenSigner, claims: object): string {
  const text = `${encode({ alg: signer.algorithm, kid: signer.keyId })}.${encode(claims)}`;
  return `${text}.${Buffer.from(signer.sign(text)).toString('base64url')}`;
}

/**
 * The claims of a token of this issuer; undefined for what is none.
 * @throws TokenError if it carries the issuer's name, but not its signature
 */
export function readToken<T extends { readonly iss: string }>(signer: TokenSigner, token: string, issuer: string): T | undefined {
  const [header = '', body = '', signature = '', ...rest] = token.split('.');
  const claims = signature && rest.length === 0 ? (decode(body) as T | undefined) : undefined;
  if (claims?.iss !== issuer) return undefined;
  const { alg } = (decode(header) ?? {}) as { alg?: unknown };
  if (alg !== signer.algorithm || !signer.verify(`${header}.${body}`, Buffer.from(signature, 'base64url'))) {
    throw new TokenError('go-jose/go-jose: error in cryptographic primitive');
  }
  return claims;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): object | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    return undefined;
  }
}
