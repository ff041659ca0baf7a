import { createPrivateKey, sign } from 'node:crypto';
import type { Clock } from '../src/env/index.ts';
import type { TokenFor } from '../src/kubelet/index.ts';

/** The audience and issuer of a cluster's own tokens, as kubeadm sets them. */
const issuer = 'https://kubernetes.default.svc.cluster.local';

/**
 * Signs tokens for the service accounts of pods: JSON Web Tokens (ES256) with the claims of
 * upstream's pkg/serviceaccount, which say what the token is bound to.
 */
export function createTokenSigner(privateKeyPem: string, clock: Clock, uid: () => string): TokenFor {
  const key = createPrivateKey(privateKeyPem);
  return async (pod, { audience, expirationSeconds }) => {
    const { namespace = '', name, uid: podUid } = pod.metadata ?? {};
    const account = pod.spec?.serviceAccountName ?? 'default';
    const issuedAt = Math.floor(clock.now() / 1000);
    const expires = issuedAt + expirationSeconds;
    const claims = {
      aud: [audience || issuer],
      exp: expires,
      iat: issuedAt,
      iss: issuer,
      jti: uid(),
      'kubernetes.io': { namespace, pod: { name, uid: podUid }, serviceaccount: { name: account } },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${account}`,
    };
    const text = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return { token: `${text}.${signature.toString('base64url')}`, expiresAt: expires * 1000 };
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
