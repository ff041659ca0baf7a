import 'reflect-metadata'; // @peculiar/x509 needs it in place before it loads.
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { CertificateOrder, SignCertificate } from '../src/cluster/index.ts';
import { wallClock } from '../src/env/index.ts';

/** A certificate with its private key, both PEM (the key PKCS#8). */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface ClusterPkiOptions {
  /** Node names and what else clients may call the server; addresses are told from names by their form. */
  readonly names: readonly string[];
  /** The server's ClusterIP: `10.96.0.1`. */
  readonly serviceAddress: string;
  readonly clusterDomain: string;
  /** Real time in ms since the epoch: TLS clients judge by their own clock, not by the simulated one. */
  readonly nowMs: number;
}

/** All keys of a cluster, made anew at each start. */
export interface ClusterPki {
  readonly ca: KeyPair;
  readonly serving: KeyPair;
  /** CN=kubernetes-admin. */
  readonly admin: KeyPair;
  /** Signs ServiceAccount tokens (ES256). */
  readonly serviceAccount: { readonly privateKey: string; readonly publicKey: string };
  /** Signs a further client certificate. */
  issueClient(subject: { readonly commonName: string; readonly organizations: readonly string[] }): Promise<KeyPair>;
  /** Signs what the controller of certificate requests has found good. */
  readonly sign: SignCertificate;
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signatureAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const minuteMs = 60_000;
const yearMs = 365 * 24 * 60 * minuteMs;
/** kubeadm lets certificates begin a little earlier, for machines whose clocks lag. */
const backdateMs = 5 * minuteMs;

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Certificates of less than this are not made shorter for beginning earlier. */
const shortMs = 8 * 60 * minuteMs;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly nowMs: number;
  /** What the machine's clock said at `nowMs`. */
  readonly madeAt: number;
}

/**
 * Makes the cluster's CA, the server's and the admin's certificates and the token key: EC P-256, about 15 ms after
 * about 70 ms for loading the library, which is why this file is imported only where TLS is on.
 *
 * Differs from upstream: kubeadm's admin is in `kubeadm:cluster-admins`, which a ClusterRoleBinding empowers; ours is in
 * `system:masters`, which needs no binding. Token keys of kubeadm are RSA, which take far longer to make.
 */
export async function createClusterPki(options: ClusterPkiOptions): Promise<ClusterPki> {
  const authority = await createAuthority(options.nowMs);
  const [serving, admin, tokenKeys] = await Promise.all([
    issue(authority, { commonName: 'kube-apiserver', organizations: [] }, serverAuth, servingNames(options)),
    issue(authority, { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, clientAuth, []),
    generateKeys(),
  ]);
  return {
    ca: { certificate: authority.certificate.toString('pem'), key: await privatePem(authority.keys) },
    serving,
    admin,
    serviceAccount: { privateKey: await privatePem(tokenKeys), publicKey: await publicPem(tokenKeys) },
    issueClient: (subject) => issue(authority, subject, clientAuth, []),
    sign: (order) => certify(authority, order),
  };
}

/** What the serving certificate is valid for, without doubles: kubeadm's list and the machine's own names. */
export function servingNames(options: Pick<ClusterPkiOptions, 'names' | 'serviceAddress' | 'clusterDomain'>): readonly string[] {
  const fixed = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${options.clusterDomain}`, 'localhost'];
  return [...new Set([...fixed, ...options.names, '127.0.0.1', '::1', options.serviceAddress])];
}

async function createAuthority(nowMs: number): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=kubernetes',
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + 10 * yearMs),
    keys,
    signingAlgorithm: signatureAlgorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyCertSign, true),
      new x509.BasicConstraintsExtension(true, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'kubernetes' }]),
    ],
  });
  return { certificate, keys, nowMs, madeAt: wallClock() };
}

async function issue(
  authority: Authority,
  subject: { readonly commonName: string; readonly organizations: readonly string[] },
  usage: string,
  names: readonly string[],
): Promise<KeyPair> {
  const keys = await generateKeys();
  const extensions: x509.Extension[] = [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension([usage]),
    new x509.BasicConstraintsExtension(false, undefined, true),
    await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
  ];
  if (names.length > 0) {
    extensions.push(new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }))));
  }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name([...subject.organizations.map((one) => ({ O: [one] })), { CN: [subject.commonName] }]).toArrayBuffer(),
    issuer: authority.certificate.subjectName.toArrayBuffer(),
    notBefore: new Date(authority.nowMs - backdateMs),
    notAfter: new Date(authority.nowMs + yearMs),
    signingKey: authority.keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: signatureAlgorithm,
    extensions,
  } as unknown as x509.X509CertificateCreateParams);
  return { certificate: certificate.toString('pem'), key: await privatePem(keys) };
}

const usageFlags: Readonly<Record<string, x509.KeyUsageFlags>> = {
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
};
const purposes: Readonly<Record<string, string>> = { 'client auth': clientAuth, 'server auth': serverAuth };

/** A certificate for a key that somebody else holds (pkg/controller/certificates/authority PermissiveSigningPolicy). */
async function certify(authority: Authority, { request, usages, seconds }: CertificateOrder): Promise<string> {
  const now = authority.nowMs + (wallClock() - authority.madeAt);
  const wantedMs = seconds * 1000;
  const endMs = (wantedMs < shortMs ? now : now - backdateMs) + wantedMs;
  const flags = usages.reduce((all, usage) => all | (usageFlags[usage] ?? 0), 0);
  const names = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...request.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ...request.emailAddresses.map((value) => ({ type: 'email' as const, value })),
    ...request.uris.map((value) => ({ type: 'url' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: arrayBuffer(request.subject),
    issuer: authority.certificate.subjectName.toArrayBuffer(),
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(Math.min(endMs, authority.certificate.notAfter.getTime())),
    signingKey: authority.keys.privateKey,
    publicKey: new x509.PublicKey(arrayBuffer(request.publicKey)),
    signingAlgorithm: signatureAlgorithm,
    extensions: [
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      new x509.ExtendedKeyUsageExtension(usages.flatMap((usage) => purposes[usage] ?? [])),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  } as unknown as x509.X509CertificateCreateParams);
  return `${certificate.toString('pem')}\n`;
}

const arrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

/** Serial numbers tell certificates of clusters with the same name apart; browsers insist on that. Positive by the leading zero. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(8));
  return `01${Buffer.from(bytes).toString('hex')}`;
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
}

async function publicPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return pem('PUBLIC KEY', await webcrypto.subtle.exportKey('spki', keys.publicKey));
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
