import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Secret } from '../../../../generated/types/index.ts';

/** What a Secret is warned of: a TLS certificate and a key that do not belong together (pkg/registry/core/secret warningsForSecret). */
export function secretWarnings({ type, data = {} }: Readonly<Secret>): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const why = keyPairMistake(textOf(data['tls.crt']), textOf(data['tls.key']));
  return why === undefined ? [] : [why];
}

const textOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('latin1');

/** Why the two cannot serve TLS, in the words of Go's crypto/tls X509KeyPair. */
function keyPairMistake(certificate: string, key: string): string | undefined {
  const certificates = pemBlocks(certificate);
  const leaf = certificates.find(({ type }) => type === 'CERTIFICATE');
  if (!leaf) return noCertificate(certificates.map(({ type }) => type));
  const keys = pemBlocks(key);
  const own = keys.find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (!own) return noKey(keys.map(({ type }) => type));
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(leaf.text);
  } catch {
    return 'x509: malformed certificate';
  }
  const privateKey = parseKey(own.text);
  if (!privateKey) return 'tls: failed to parse private key';
  if (parsed.publicKey.asymmetricKeyType !== privateKey.asymmetricKeyType) return 'tls: private key type does not match public key type';
  return parsed.checkPrivateKey(privateKey) ? undefined : 'tls: private key does not match public key';
}

interface PemBlock {
  readonly type: string;
  readonly text: string;
}

/** What encoding/pem finds. */
function pemBlocks(text: string): PemBlock[] {
  const pattern = /^-----BEGIN ([^\r\n]*?)-----[ \t\r]*\n([A-Za-z0-9+/=\s]*?)^-----END \1-----/gm;
  return [...text.matchAll(pattern)].map(([all, type = '']) => ({ type, text: all }));
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function noCertificate(skipped: readonly string[]): string {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in certificate input';
  if (skipped.length === 1 && skipped[0]?.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${skipped.join(' ')}]`;
}

function noKey(skipped: readonly string[]): string {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in key input';
  if (skipped.length === 1 && skipped[0] === 'CERTIFICATE') return 'tls: found a certificate rather than a key in the PEM for the private key';
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${skipped.join(' ')}]`;
}
