import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { secretWarnings } from './secret-warnings.ts';

const certificate = `-----BEGIN CERTIFICATE-----
MIIBbDCCAROgAwIBAgIUUU5HNoqY+8JCFAxSTZ5ECKbX0iYwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAeFw0yNjExMjIwMTEyNTVaFw0yOTA4MTgwMTEyNTVaMAwx
CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQGR0/fi5rrxEUG
TiIhTCY52NsFWIzhaYvnEg2ZRXw1kj17ATPrK2C7lIq2g7/RAIrkz3sp60p5nlC9
io1Y1MZdo1MwUTAdBgNVHQ4EFgQUykY+AU1fKlDC9l5LQOwmYU19Vr8wHwYDVR0j
BBgwFoAUykY+AU1fKlDC9l5LQOwmYU19Vr8wDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNHADBEAiBGXPldbMRk9jKo4YtaKrQBNp/60gbYMLcv2kfNb5SCtgIg
bnx1pxLoEq3/EDJMnbLPzmkRQ4R0MDkvfnCnKYnQuIQ=
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp3C4TocdJ4PQV04a
r+UwlbRzTkR+eCJDFVD7JM1tDyqhRANCAAQGR0/fi5rrxEUGTiIhTCY52NsFWIzh
aYvnEg2ZRXw1kj17ATPrK2C7lIq2g7/RAIrkz3sp60p5nlC9io1Y1MZd
-----END PRIVATE KEY-----
`;
const pem = { type: 'pkcs8', format: 'pem' } as const;
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem) as string;
const ed25519Key = generateKeyPairSync('ed25519').privateKey.export(pem) as string;
const block = (type: string, text = 'aGVsbG8='): string => `-----BEGIN ${type}-----\n${text}\n-----END ${type}-----\n`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const told = (crt: string, own: string): string[] => secretWarnings({ type: 'kubernetes.io/tls', data: { 'tls.crt': base64(crt), 'tls.key': base64(own) } });

test('a certificate and its key are nothing to warn of, whatever stands around them', () => {
  expect(told(certificate, key)).toEqual([]);
  expect(told(`junk\n${certificate}junk`, key.trim())).toEqual([]);
  expect(told(certificate.replaceAll('\n', '\r\n'), key)).toEqual([]);
  expect(told(key + certificate, certificate + key)).toEqual([]);
  expect(secretWarnings({ type: 'Opaque', data: { 'tls.crt': base64('x') } })).toEqual([]);
});

// As kube-apiserver 1.33 has said it.
test.each([
  ['no PEM at all', 'x', 'y', 'tls: failed to find any PEM data in certificate input'],
  ['an empty key', certificate, '', 'tls: failed to find any PEM data in key input'],
  [
    'both the wrong way round',
    key,
    certificate,
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  ],
  ['a certificate for a key', certificate, certificate, 'tls: found a certificate rather than a key in the PEM for the private key'],
  [
    'two keys for a certificate',
    key + key,
    key,
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [PRIVATE KEY PRIVATE KEY]',
  ],
  [
    'two certificates for a key',
    certificate,
    certificate + certificate,
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [CERTIFICATE CERTIFICATE]',
  ],
  ['the key of another certificate', certificate, otherKey, 'tls: private key does not match public key'],
  ['a key of another type', certificate, ed25519Key, 'tls: private key type does not match public key type'],
  ['a broken key', certificate, block('PRIVATE KEY'), 'tls: failed to parse private key'],
  ['a broken certificate', block('CERTIFICATE'), key, 'x509: malformed certificate'],
])('a TLS Secret with %s', (_name, crt, own, warning) => {
  expect(told(crt, own)).toEqual([warning]);
});
