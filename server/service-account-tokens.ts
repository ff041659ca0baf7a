import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { TokenSigner } from '../src/apiserver/index.ts';

/** Signs the tokens of service accounts with a key pair (ES256); the key's id is upstream's: a hash of the public key. */
export function createTokenSigner({ privateKey, publicKey }: { readonly privateKey: string; readonly publicKey: string }): TokenSigner {
  const [own, shown] = [createPrivateKey(privateKey), createPublicKey(publicKey)];
  const der = shown.export({ format: 'der', type: 'spki' });
  return {
    algorithm: 'ES256',
    keyId: createHash('sha256').update(der).digest('base64url'),
    publicKey: shown.export({ format: 'jwk' }) as Record<string, unknown>,
    sign: (text) => sign('sha256', Buffer.from(text), { key: own, dsaEncoding: 'ieee-p1363' }),
    verify: (text, signature) => verify('sha256', Buffer.from(text), { key: shown, dsaEncoding: 'ieee-p1363' }, signature),
  };
}
