import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type DerValue, derBytes, derChildren, derContent, derLengthMistake, derTag, derValueAt } from '../../../machinery/der.ts';
import { type PemBlock, pemBlocks } from '../../../machinery/pem.ts';

/** What somebody asks to have certified (PKCS #10). */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** The subject, DER. */
  readonly subject: Buffer;
  /** The public key with its algorithm (SubjectPublicKeyInfo), DER. */
  readonly publicKey: Buffer;
  readonly signed: { readonly bytes: Buffer; readonly algorithm: string; readonly signature: Buffer };
}

const oids = { commonName: '550403', organization: '55040a', extensionRequest: '2a864886f70d01090e', subjectAltName: '551d11' };
/** Signature algorithms by the hexadecimal of their OID: the hash, and Go's word for what went wrong. */
const algorithms: Readonly<Record<string, { readonly hash: string | null; readonly failure: string }>> = {
  '2a864886f70d010105': { hash: 'sha1', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010b': { hash: 'sha256', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010c': { hash: 'sha384', failure: 'crypto/rsa: verification error' },
  '2a864886f70d01010d': { hash: 'sha512', failure: 'crypto/rsa: verification error' },
  '2a8648ce3d0401': { hash: 'sha1', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040302': { hash: 'sha256', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040303': { hash: 'sha384', failure: 'x509: ECDSA verification failure' },
  '2a8648ce3d040304': { hash: 'sha512', failure: 'x509: ECDSA verification failure' },
  '2b6570': { hash: null, failure: 'x509: Ed25519 verification failure' },
};

/** Why a text is no request, or none that whoever holds its key has signed. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/**
 * Reads a request (base64 of PEM, as in `spec.request`), without a look at its signature.
 * @throws RequestError in upstream's words, where it has some of its own (pkg/apis/certificates ParseCSR)
 */
export function parseCertificateRequest(request: string): CertificateRequest {
  const block = pemBlocks(Buffer.from(request, 'base64').toString('latin1')).next().value as PemBlock | undefined;
  if (block?.type !== 'CERTIFICATE REQUEST') throw new RequestError('PEM block type must be CERTIFICATE REQUEST');
  const der = block.bytes;
  const outer = derValueAt(der, 0);
  if (!outer) throw new RequestError(derLengthMistake(der, 0) ?? 'asn1: syntax error: data truncated');
  if (outer.tag !== derTag.sequence) throw new RequestError(wrongTag(outer));
  if (outer.end !== der.length) throw new RequestError('asn1: syntax error: trailing data');
  const [info, algorithm, signature, more] = sequence(der, outer);
  if (!info || !algorithm || !signature) throw truncated();
  if (signature.tag !== derTag.bitString || more) throw malformed();
  const [version, subject, publicKey, attributes] = sequence(der, info);
  if (!version || !subject || !publicKey) throw truncated();
  if (version.tag !== derTag.integer) throw malformed();
  const [algorithmOid] = sequence(der, algorithm);
  sequence(der, publicKey);
  return {
    ...subjectOf(der, subject),
    ...alternativeNamesOf(der, attributes),
    subject: derBytes(der, subject),
    publicKey: derBytes(der, publicKey),
    signed: {
      bytes: derBytes(der, info),
      algorithm: algorithmOid ? derContent(der, algorithmOid).toString('hex') : '',
      signature: derContent(der, signature).subarray(1),
    },
  };
}

/** @throws RequestError if the request was not signed with the key that it is about (x509 CheckSignature) */
export function checkRequestSignature({ publicKey, signed }: CertificateRequest): void {
  const algorithm = algorithms[signed.algorithm];
  if (!algorithm) throw new RequestError('x509: cannot verify signature: algorithm unimplemented');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  } catch {
    throw new RequestError('x509: unsupported public key');
  }
  let good = false;
  try {
    good = verify(algorithm.hash, signed.bytes, key, signed.signature);
  } catch {
    // A signature of another kind of key.
  }
  if (!good) throw new RequestError(algorithm.failure);
}

const truncated = (): RequestError => new RequestError('asn1: syntax error: sequence truncated');

/** Of what is something else altogether, in the words of Go's encoding/asn1. */
function wrongTag({ tag, start, end }: DerValue): string {
  const found = `{class:${tag >> 6} tag:${tag & 0x1f} length:${end - start} isCompound:${(tag & 0x20) !== 0}}`;
  const wanted =
    '{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}';
  return `asn1: structure error: tags don't match (16 vs ${found}) ${wanted} certificateRequest @2`;
}

const malformed = (): RequestError => new RequestError('asn1: structure error: this is no certificate request');

function sequence(der: Buffer, value: DerValue): DerValue[] {
  const children = value.tag === derTag.sequence ? derChildren(der, value) : undefined;
  if (!children) throw malformed();
  return children;
}

/** A name is a sequence of sets of pairs of a type and a value. Of several common names the last counts, as with Go. */
function subjectOf(der: Buffer, subject: DerValue): Pick<CertificateRequest, 'commonName' | 'organizations'> {
  let commonName = '';
  const organizations: string[] = [];
  for (const set of sequence(der, subject)) {
    for (const pair of derChildren(der, set) ?? []) {
      const [type, value] = sequence(der, pair);
      if (type?.tag !== derTag.oid || !value) throw malformed();
      const oid = derContent(der, type).toString('hex');
      if (oid === oids.commonName) commonName = textOf(der, value);
      else if (oid === oids.organization) organizations.push(textOf(der, value));
    }
  }
  return { commonName, organizations };
}

const bmpString = 0x1e;

function textOf(der: Buffer, value: DerValue): string {
  const bytes = derContent(der, value);
  return value.tag === bmpString && bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('utf8');
}

type AlternativeNames = Pick<CertificateRequest, 'dnsNames' | 'ipAddresses' | 'emailAddresses' | 'uris'>;

/** Names are context-specific values: 1 is an e-mail address, 2 a DNS name, 6 a URI, 7 an address. */
const nameTags = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 };

function alternativeNamesOf(der: Buffer, attributes: DerValue | undefined): AlternativeNames {
  const names = attributes ? extensionsOf(der, attributes).flatMap((extension) => alternativeNamesIn(der, extension)) : [];
  const texts = (tag: number) => names.filter((one) => one.tag === tag).map((one) => derContent(der, one).toString('latin1'));
  return {
    dnsNames: texts(nameTags.dns),
    emailAddresses: texts(nameTags.email),
    uris: texts(nameTags.uri),
    ipAddresses: names.filter((one) => one.tag === nameTags.ip).map((one) => formatIp(derContent(der, one))),
  };
}

/** The extensions that the request's attributes ask for. */
function extensionsOf(der: Buffer, attributes: DerValue): DerValue[] {
  return (derChildren(der, attributes) ?? []).flatMap((attribute) => {
    const [type, values] = sequence(der, attribute);
    if (!type || !values || derContent(der, type).toString('hex') !== oids.extensionRequest) return [];
    return (derChildren(der, values) ?? []).flatMap((list) => sequence(der, list));
  });
}

function alternativeNamesIn(der: Buffer, extension: DerValue): DerValue[] {
  const parts = sequence(der, extension);
  const [type, value] = [parts[0], parts.at(-1)];
  if (!type || value?.tag !== derTag.octetString || derContent(der, type).toString('hex') !== oids.subjectAltName) return [];
  const names = derValueAt(der, value.start);
  return names ? sequence(der, names) : [];
}

function formatIp(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RequestError(`x509: cannot parse IP address of length ${bytes.length}`);
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':');
}
