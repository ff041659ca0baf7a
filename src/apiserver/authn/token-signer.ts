import { createHmac, timingSafeEqual } from 'node:crypto';

/** Makes and checks the signatures of JSON Web Tokens, with one key. */
export interface TokenSigner {
  /** `ES256` */
  readonly algorithm: string;
  readonly keyId: string;
  sign(text: string): Uint8Array;
  verify(text: string, signature: Uint8Array): boolean;
  /** The public key as a JSON Web Key; absent if there is none. */
  readonly publicKey?: Readonly<Record<string, unknown>>;
}

/**
 * Signs with a shared secret: the same claims give the same token, which a simulation needs. For clusters that serve
 * nobody outside; those have a key pair.
 */
export function hmacSigner(secret: string): TokenSigner {
  const sign = (text: string) => createHmac('sha256', secret).update(text).digest();
  return {
    algorithm: 'HS256',
    keyId: 'simulated',
    sign,
    verify(text, signature) {
      const own = sign(text);
      return own.length === signature.length && timingSafeEqual(own, signature);
    },
  };
}
