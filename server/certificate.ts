import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';

/**
 * What a certificate says. It is put together from the parts of X.509's own grammar, not by a library that knows certificates:
 * that one reads again each piece that it has written, and brings requests, containers of keys and other signatures, which cost a
 * start 30 ms of processor time.
 */
export interface CertificateContent {
  readonly subject: asn1.Name;
  readonly issuer: asn1.Name;
  /** Milliseconds since the epoch; a certificate counts in seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: asn1.SubjectPublicKeyInfo;
  readonly extensions: readonly asn1.Extension[];
}

/** RFC 5758. */
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** A certificate, PEM without the last line break, signed by an EC key with SHA-256. */
export function signCertificate(content: CertificateContent, key: KeyObject): string {
  const signature = new asn1.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: serialNumber(),
    signature,
    issuer: content.issuer,
    validity: new asn1.Validity({ notBefore: new Date(content.notBefore), notAfter: new Date(content.notAfter) }),
    subject: content.subject,
    subjectPublicKeyInfo: content.publicKey,
    extensions: new asn1.Extensions([...content.extensions]),
  });
  const signatureValue = arrayBuffer(sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), key));
  const certificate = new asn1.Certificate({ tbsCertificate, signatureAlgorithm: signature, signatureValue });
  const lines = Buffer.from(AsnConvert.serialize(certificate))
    .toString('base64')
    .match(/.{1,64}/g);
  return ['-----BEGIN CERTIFICATE-----', ...(lines ?? []), '-----END CERTIFICATE-----'].join('\n');
}

/** RFC 4519: O and CN. */
const attributeIds = { organization: '2.5.4.10', commonName: '2.5.4.3' } as const;

/** A subject: its organizations, then its common name. */
export function subjectName(commonName: string, organizations: readonly string[] = []): asn1.Name {
  return new asn1.Name([...organizations.map((one) => attribute('organization', one)), attribute('commonName', commonName)]);
}

function attribute(type: keyof typeof attributeIds, value: string): asn1.RelativeDistinguishedName {
  return new asn1.RelativeDistinguishedName([attributeOf(attributeIds[type], value)]);
}

function attributeOf(type: string, value: string): asn1.AttributeTypeAndValue {
  return new asn1.AttributeTypeAndValue({ type, value: new asn1.AttributeValue(isPrintable(value) ? { printableString: value } : { utf8String: value }) });
}

/** X.680's PrintableString. */
const isPrintable = (text: string) => /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text);

/** What Go knows of a name, in the order in which it writes it: country, O, OU, locality, province, street, postal code, CN, serial number. */
const attributeOrder = ['2.5.4.6', '2.5.4.10', '2.5.4.11', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.17', '2.5.4.3', '2.5.4.5'];
/** CN and serial number: of several the last one counts. */
const singleAttributes: ReadonlySet<string> = new Set(['2.5.4.3', '2.5.4.5']);

/**
 * The subject of a request, DER, as a signer that is written in Go puts it into a certificate (crypto/x509/pkix Name): values of one
 * kind stand together, and kinds that Go does not know are left out.
 */
export function parseName(der: Buffer): asn1.Name {
  const given = [...AsnConvert.parse(arrayBuffer(der), asn1.Name)].flatMap((one) => [...one]);
  return new asn1.Name(
    attributeOrder.flatMap((type) => {
      const values = given.filter((one) => one.type === type);
      const kept = singleAttributes.has(type) ? values.slice(-1) : values;
      return kept.length > 0 ? [new asn1.RelativeDistinguishedName(inSetOrder(kept.map(({ value }) => attributeOf(type, value.toString()))))] : [];
    }),
  );
}

/** DER sorts the elements of a set by how they are written. */
function inSetOrder(attributes: readonly asn1.AttributeTypeAndValue[]): asn1.AttributeTypeAndValue[] {
  return attributes
    .map((one) => [Buffer.from(AsnConvert.serialize(one)), one] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
    .map(([, one]) => one);
}

/** A public key, DER. Throws for what is none. */
export const parsePublicKey = (der: Buffer): asn1.SubjectPublicKeyInfo => AsnConvert.parse(arrayBuffer(der), asn1.SubjectPublicKeyInfo);

/** What a certificate is good for, as bits of `KeyUsageFlags`. */
export function keyUsage(flags: number): asn1.Extension {
  return extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(flags), true);
}

export function extendedKeyUsage(purposes: readonly string[]): asn1.Extension {
  return extension(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage([...purposes]));
}

/** Whether it may sign others. */
export function basicConstraints(cA: boolean): asn1.Extension {
  return extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA }), true);
}

/** By which key this one is known to those that it signs (RFC 5280 4.2.1.2). */
export function subjectKeyIdentifier(publicKey: asn1.SubjectPublicKeyInfo): asn1.Extension {
  return extension(asn1.id_ce_subjectKeyIdentifier, new asn1.SubjectKeyIdentifier(keyIdentifier(publicKey)));
}

/** By which key it is signed. */
export function authorityKeyIdentifier(publicKey: asn1.SubjectPublicKeyInfo): asn1.Extension {
  const known = new asn1.AuthorityKeyIdentifier({ keyIdentifier: new asn1.KeyIdentifier(keyIdentifier(publicKey)) });
  return extension(asn1.id_ce_authorityKeyIdentifier, known);
}

export interface AlternativeNames {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly email?: readonly string[];
  readonly uri?: readonly string[];
}

/** Who else it stands for, in the order in which Go writes it; nothing if it is nobody. */
export function alternativeNames({ dns = [], ip = [], email = [], uri = [] }: AlternativeNames): asn1.Extension[] {
  const names = [
    ...dns.map((dNSName) => ({ dNSName })),
    ...email.map((rfc822Name) => ({ rfc822Name })),
    ...ip.map((iPAddress) => ({ iPAddress })),
    ...uri.map((uniformResourceIdentifier) => ({ uniformResourceIdentifier })),
  ].map((name) => new asn1.GeneralName(name));
  return names.length === 0 ? [] : [extension(asn1.id_ce_subjectAltName, new asn1.SubjectAlternativeName(names))];
}

/** A host is an address or a name by its form. */
export const isAddress = (host: string) => host.includes(':') || isIPv4(host);

function extension(extnID: string, value: unknown, critical = false): asn1.Extension {
  return new asn1.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

const keyIdentifier = ({ subjectPublicKey }: asn1.SubjectPublicKeyInfo) => arrayBuffer(createHash('sha1').update(Buffer.from(subjectPublicKey)).digest());

/** Serial numbers tell certificates of clusters with the same name apart; browsers insist on that. Positive by the leading one. */
function serialNumber(): ArrayBuffer {
  return arrayBuffer(Buffer.concat([Buffer.of(1), randomBytes(8)]));
}

const arrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
