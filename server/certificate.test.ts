import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  alternativeNames,
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  isAddress,
  parseName,
  parsePublicKey,
  signCertificate,
  subjectKeyIdentifier,
  subjectName,
} from './certificate.ts';

const now = Date.parse('2026-06-01T12:00:00.750Z');
const keys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const infoOf = (publicKey: KeyObject) => parsePublicKey(publicKey.export({ type: 'spki', format: 'der' }));

const authority = keys();
const authorityName = subjectName('authority');
const authorityInfo = infoOf(authority.publicKey);

const certificate = (content: Partial<Parameters<typeof signCertificate>[0]>) =>
  new X509Certificate(
    signCertificate(
      {
        subject: subjectName('somebody'),
        issuer: authorityName,
        notBefore: now,
        notAfter: now + 1000,
        publicKey: infoOf(keys().publicKey),
        extensions: [authorityKeyIdentifier(authorityInfo)],
        ...content,
      },
      authority.privateKey,
    ),
  );

test('a certificate is found to be issued by the authority that signed it', () => {
  const root = certificate({ subject: authorityName, publicKey: authorityInfo, extensions: [basicConstraints(true), subjectKeyIdentifier(authorityInfo)] });
  const leaf = certificate({});
  expect([root.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect(leaf.verify(keys().publicKey)).toBe(false);
});

test('its subject is the organizations, then the name, in any letters', () => {
  const { subject } = certificate({ subject: subjectName('jane_dö@example.com', ['system:masters', 'dev & ops', '研发']) });
  expect(subject.split('\n')).toEqual(['O=system:masters', 'O=dev & ops', 'O=研发', 'CN=jane_dö@example.com']);
});

test('a subject out of a request is put in the order in which Go writes one', () => {
  const subjectOf = (hex: string) => certificate({ subject: parseName(Buffer.from(hex, 'hex')) }).subject;
  expect(subjectOf('301e310e300c060355040a13056465762d31310c300a060355040313036a616e')).toBe('O=dev-1\nCN=jan');
  expect(subjectOf('301e310c300a060355040313036a616e310e300c060355040a13056465762d31')).toBe('O=dev-1\nCN=jan');
  // Two organizations are one element of the name, and an e-mail address is no part of it.
  expect(
    subjectOf('3045310c300a060355040313036a616e310e300c060355040a13056465762d32310e300c060355040a13056465762d313115301306092a864886f70d0109011606616240632e64'),
  ).toBe('O=dev-1 + O=dev-2\nCN=jan');
});

test('it stands for names and for addresses of both families', () => {
  const [extension] = alternativeNames({
    dns: ['a.example', '*.b.example'],
    ip: ['10.96.0.1', '::1', '2001:db8::1:0:2'],
    email: ['x@y.z'],
    uri: ['spiffe://a/b'],
  });
  const made = certificate({ extensions: extension ? [extension] : [] });
  expect(['a.example', 'c.b.example', 'example'].map((host) => made.checkHost(host))).toEqual(['a.example', '*.b.example', undefined]);
  for (const address of ['10.96.0.1', '::1', '2001:db8::1:0:2']) expect(made.checkIP(address)).toBe(address);
  expect(made.checkEmail('x@y.z')).toBe('x@y.z');
  expect(made.subjectAltName?.replace(/:[^,]*/g, '')).toBe('DNS, DNS, email, IP Address, IP Address, IP Address, URI');
  expect(made.subjectAltName).toContain('URI:spiffe://a/b');
  expect(alternativeNames({ dns: [], ip: [] })).toEqual([]);
});

test('its time counts in seconds, and reaches past the year 2050', () => {
  const made = certificate({ notAfter: Date.parse('2061-01-02T03:04:05.999Z') });
  expect([made.validFrom, made.validTo]).toEqual(['Jun  1 12:00:00 2026 GMT', 'Jan  2 03:04:05 2061 GMT']);
});

test('it certifies keys of every kind', () => {
  const others = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ed25519'), generateKeyPairSync('ec', { namedCurve: 'P-384' })];
  for (const { publicKey } of others) {
    const made = certificate({ publicKey: infoOf(publicKey), extensions: [extendedKeyUsage(['1.3.6.1.5.5.7.3.2'])] });
    expect(made.publicKey.equals(publicKey)).toBe(true);
    expect(made.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  }
  expect(() => parsePublicKey(Buffer.from('no key'))).toThrow();
});

test('no two have the same serial number', () => {
  expect(certificate({}).serialNumber).not.toBe(certificate({}).serialNumber);
});

test('hosts are told from addresses by their form', () => {
  expect(['localhost', '10.0.0.1', '::1', 'fd00::1', '1.2.3.4.example', '10.0.0'].map(isAddress)).toEqual([false, true, true, true, false, false]);
});
