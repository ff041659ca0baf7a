import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bitString, boolean, type Der, generalName, objectIdentifier, octetString, sequence, set, tagged, time, unsignedInteger, utf8String } from './der.ts';

/** Who a certificate is for, as Kubernetes reads it: the user, and its groups. */
export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

export interface CertificateOptions {
  readonly subject: CertificateSubject;
  readonly publicKey: KeyObject;
  /** What the key may do: an authority signs certificates, a server and a client prove who they are. */
  readonly usage: 'authority' | 'server' | 'client';
  /** DNS names and addresses it is valid for. */
  readonly names: readonly string[];
  /** Real time in ms since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who signs. For an authority's own certificate, itself. */
export interface Issuer {
  readonly subject: CertificateSubject;
  readonly privateKey: KeyObject;
}

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const organizationName = '2.5.4.10';
const commonName = '2.5.4.3';
const extendedUsages = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

/** Key usage bits from the left: digitalSignature 0, keyEncipherment 2, keyCertSign 5. */
const authorityKeyUsage = bitString(Uint8Array.of(0b1010_0100), 2);
const leafKeyUsage = bitString(Uint8Array.of(0b1010_0000), 5);

/** A new key on P-256: what kubeadm's `ECDSA-P256` makes. About 0.1 ms. */
export function generateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** An X.509 v3 certificate (RFC 5280), PEM, signed with ECDSA and SHA-256. */
export function signCertificate(options: CertificateOptions, issuer: Issuer): string {
  const body = sequence(
    tagged(0xa0, unsignedInteger(Uint8Array.of(2))), // Version 3.
    unsignedInteger(serialNumber()),
    ecdsaWithSha256,
    distinguishedName(issuer.subject),
    sequence(time(options.notBefore), time(options.notAfter)),
    distinguishedName(options.subject),
    options.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(options, issuer))),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  return pem('CERTIFICATE', sequence(body, ecdsaWithSha256, bitString(signature)));
}

function extensions({ usage, names, publicKey }: CertificateOptions, issuer: Issuer): Der[] {
  const isAuthority = usage === 'authority';
  const list = [
    extension('2.5.29.15', isAuthority ? authorityKeyUsage : leafKeyUsage, true),
    extension('2.5.29.19', sequence(...(isAuthority ? [boolean(true)] : [])), true),
  ];
  if (isAuthority) list.push(extension('2.5.29.14', octetString(keyIdentifier(publicKey))));
  else {
    list.push(extension('2.5.29.37', sequence(objectIdentifier(extendedUsages[usage]))));
    list.push(extension('2.5.29.35', sequence(tagged(0x80, keyIdentifier(createPublicKey(issuer.privateKey))))));
  }
  if (names.length > 0) list.push(extension('2.5.29.17', sequence(...names.map(generalName))));
  return list;
}

function extension(id: string, value: Der, critical = false): Der {
  return sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function distinguishedName({ organizations, commonName: name }: CertificateSubject): Der {
  const part = (type: string, text: string) => set(sequence(objectIdentifier(type), utf8String(text)));
  return sequence(...organizations.map((one) => part(organizationName, one)), part(commonName, name));
}

/** SHA-1 over the bits of the key (RFC 5280, 4.2.1.2): for P-256, the last 65 bytes of its SubjectPublicKeyInfo. */
function keyIdentifier(publicKey: KeyObject): Der {
  const bits = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
  return createHash('sha1').update(bits).digest();
}

/** Serial numbers tell certificates of clusters with the same name apart; browsers insist on that. */
function serialNumber(): Der {
  return Buffer.concat([Uint8Array.of(1), randomBytes(8)]);
}

function pem(label: string, der: Der): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
