import { expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../../../generated/types/index.ts';
import { makeRequest, pemRequest } from '../testing/make-request.ts';
import { parseCertificateRequest } from './certificate-request.ts';
import { validateCertificateSigningRequest, validateCertificateSigningRequestUpdate } from './certificate-signing-request.ts';

const jane = makeRequest({ commonName: 'jane', organizations: ['developers'] });

function csr(spec: object = {}, status: object = {}): CertificateSigningRequest {
  return {
    metadata: { name: 'jane', resourceVersion: '1' },
    spec: { request: jane, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], ...spec },
    status,
  };
}

const mistakes = (spec: object) => validateCertificateSigningRequest(csr(spec)).map(String);

test('a request is read: whom it is about, and by which names', () => {
  const request = makeRequest({
    commonName: 'system:node:n',
    organizations: ['system:nodes', 'more'],
    dnsNames: ['n.example'],
    ipAddresses: ['10.0.0.1'],
    emailAddresses: ['a@b'],
  });
  expect(parseCertificateRequest(request)).toMatchObject({
    commonName: 'system:node:n',
    organizations: ['system:nodes', 'more'],
    dnsNames: ['n.example'],
    ipAddresses: ['10.0.0.1'],
    emailAddresses: ['a@b'],
    uris: [],
  });
});

test('a request that openssl has made is good', () => {
  const text = `-----BEGIN CERTIFICATE REQUEST-----
MIIBEDCBtgIBADAkMRMwEQYDVQQKDApkZXZlbG9wZXJzMQ0wCwYDVQQDDARqYW5l
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbzAH87dy45s4e6wsCYV7tRxLkc0L
810hXUgzWGPqt82umqeT5T0Irq7/crX61pFzzBZeOn/V3gQJceu1iw5cPqAwMC4G
CSqGSIb3DQEJDjEhMB8wHQYDVR0RBBYwFIIMamFuZS5leGFtcGxlhwQKAAABMAoG
CCqGSM49BAMCA0kAMEYCIQD+xLcI+qlJHQyQi/4+BZ6e+gZvuswvuHP3veAjrJhI
IwIhAIBVd4sD5nBgwJGvAXx7jo8YEsPjLolGcK4JquygP6Xc
-----END CERTIFICATE REQUEST-----`;
  expect(mistakes({ request: Buffer.from(text).toString('base64') })).toEqual([]);
});

test('what is no request, or was signed by somebody else, is refused', () => {
  const about = (request: string) => mistakes({ request }).map((one) => one.replace(/^spec.request: Invalid value: \[\]byte\{[^}]*\}: /, ''));
  expect(about('')).toEqual(['PEM block type must be CERTIFICATE REQUEST']);
  expect(about(pemRequest(Buffer.from('3000', 'hex'), 'CERTIFICATE'))).toEqual(['PEM block type must be CERTIFICATE REQUEST']);
  expect(about(pemRequest(Buffer.from('3005', 'hex')))).toEqual(['asn1: syntax error: data truncated']);
  expect(about(pemRequest(Buffer.from('30820002', 'hex')))).toEqual(['asn1: structure error: superfluous leading zeros in length']);
  expect(about(pemRequest(Buffer.from('3081020500', 'hex')))).toEqual(['asn1: structure error: non-minimal length']);
  expect(about(pemRequest(Buffer.from('300000', 'hex')))).toEqual(['asn1: syntax error: trailing data']);
  expect(about(pemRequest(Buffer.from('3000', 'hex')))).toEqual(['asn1: syntax error: sequence truncated']);
  expect(about(pemRequest(Buffer.from('020100', 'hex')))[0]).toContain(
    "asn1: structure error: tags don't match (16 vs {class:0 tag:2 length:1 isCompound:false})",
  );
  expect(about(makeRequest({ commonName: 'jane' }, (info) => Buffer.concat([info, Buffer.from('x')])))).toEqual(['x509: Ed25519 verification failure']);
});

test('usages, the name of the signer and the time are checked', () => {
  expect(mistakes({ usages: [] })).toEqual(['spec.usages: Required value']);
  expect(mistakes({ usages: ['client auth', 'flying', 'client auth'] })).toEqual([
    expect.stringContaining('spec.usages[1]: Unsupported value: "flying": supported values: "any", "cert sign", "client auth"'),
    'spec.usages[2]: Duplicate value: "client auth"',
  ]);
  expect(mistakes({ signerName: '' })).toEqual(['spec.signerName: Required value']);
  expect(mistakes({ signerName: 'kubernetes.io/legacy-unknown' })[0]).toContain('the legacy signerName is not allowed via this API version');
  expect(mistakes({ signerName: 'example.com' })[0]).toContain("must be a fully qualified domain and path of the form 'example.com/signer-name'");
  expect(mistakes({ signerName: 'local/a' })).toEqual([
    'spec.signerName: Invalid value: "local": should be a domain with at least two segments separated by dots',
  ]);
  expect(mistakes({ signerName: 'example.com/A' })[0]).toContain('spec.signerName: Invalid value: "A": validating label "A": a lowercase RFC 1123 subdomain');
  expect(mistakes({ expirationSeconds: 599 })).toEqual([
    'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
  ]);
});

test('verdicts come through approval alone, exclude each other, and stay', () => {
  const condition = (type: string, status = 'True') => ({ type, status });
  const update = (before: string[], after: string[], options: object = {}) =>
    validateCertificateSigningRequestUpdate(
      csr({}, { conditions: after.map((type) => condition(type)) }),
      csr({}, { conditions: before.map((type) => condition(type)) }),
      options,
    ).map(String);
  expect(update([], ['Approved'], { approving: true })).toEqual([]);
  expect(update([], ['Approved'])).toEqual(['status.conditions: Forbidden: updates may not add a condition of type "Approved"']);
  expect(update(['Approved'], [], { approving: true })).toEqual(['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']);
  expect(update(['Approved'], ['Approved', 'Denied'], { approving: true })).toEqual([
    'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ]);
  expect(update([], ['Failed', 'Failed'], { issuing: true })).toEqual(['status.conditions[1].type: Duplicate value: "Failed"']);
  const denied = validateCertificateSigningRequest(csr({}, { conditions: [condition('Denied', 'False')] })).map(String);
  expect(denied).toEqual(['status.conditions[0].status: Unsupported value: "False": supported values: "True"']);
});

test('a certificate comes through the status, once, and is one', () => {
  const update = (before: string | undefined, after: string, options: object) =>
    validateCertificateSigningRequestUpdate(csr({}, { certificate: after }), csr({}, { certificate: before }), options).map(String);
  const text = Buffer.from('hello').toString('base64');
  expect(update(undefined, text, { issuing: true })).toEqual([
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
  expect(update(undefined, jane, { issuing: true })).toEqual([
    'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"',
  ]);
  expect(update(undefined, text, {})).toContain('status.certificate: Forbidden: updates may not set certificate content');
  expect(update(text, jane, { issuing: true })).toContain('status.certificate: Forbidden: updates may not modify existing certificate content');
});

test('a request with any byte changed is refused in words, or says the same', () => {
  const pem = Buffer.from(makeRequest({ commonName: 'jane', organizations: ['o'], dnsNames: ['d'], ipAddresses: ['1.2.3.4'] }), 'base64').toString();
  const der = Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64');
  for (let at = 0; at < der.length; at += 3) {
    for (const bits of [0x01, 0xff]) {
      const changed = Buffer.from(der);
      changed[at] = (der[at] as number) ^ bits;
      expect(mistakes({ request: pemRequest(changed) }).join()).toMatch(/^$|spec.request: Invalid value: \[\]byte\{[^}]*\}: \S/);
      expect(mistakes({ request: pemRequest(changed.subarray(0, at)) })).toHaveLength(1);
    }
  }
});
