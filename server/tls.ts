import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type Extension, KeyUsageFlags, type Name } from '@peculiar/asn1-x509';
import type { CertificateOrder, SignCertificate } from '../src/cluster/index.ts';
import { wallClock } from '../src/env/index.ts';
import {
  alternativeNames,
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  isAddress,
  keyUsage,
  parseName,
  parsePublicKey,
  signCertificate,
  subjectKeyIdentifier,
  subjectName,
} from './certificate.ts';

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

const minuteMs = 60_000;
const yearMs = 365 * 24 * 60 * minuteMs;
/** kubeadm lets certificates begin a little earlier, for machines whose clocks lag. */
const backdateMs = 5 * minuteMs;

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Certificates of less than this are not made shorter for beginning earlier. */
const shortMs = 8 * 60 * minuteMs;

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

interface Authority {
  readonly name: Name;
  /** PEM. */
  readonly certificate: string;
  readonly keys: Keys;
  /** What all that it signs tell of its key. */
  readonly keyIdentifier: Extension;
  /** The end of its time, which no certificate of it outlives. */
  readonly notAfter: number;
  readonly nowMs: number;
  /** What the machine's clock said at `nowMs`. */
  readonly madeAt: number;
}

/**
 * Makes the cluster's CA, the server's and the admin's certificates and the token key: EC P-256, keys in other threads.
 *
 * Differs from upstream: kubeadm's admin is in `kubeadm:cluster-admins`, which a ClusterRoleBinding empowers; ours is in
 * `system:masters`, which needs no binding. Token keys of kubeadm are RSA, which take far longer to make.
 */
export async function createClusterPki(options: ClusterPkiOptions): Promise<ClusterPki> {
  const [authorityKeys, servingKeys, adminKeys, tokenKeys] = await Promise.all([generateKeys(), generateKeys(), generateKeys(), generateKeys()]);
  const authority = createAuthority(authorityKeys, options.nowMs);
  return {
    ca: { certificate: authority.certificate, key: privatePem(authority.keys) },
    serving: issue(authority, servingKeys, { commonName: 'kube-apiserver', organizations: [] }, serverAuth, servingNames(options)),
    admin: issue(authority, adminKeys, { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, clientAuth),
    serviceAccount: { privateKey: privatePem(tokenKeys), publicKey: publicPem(tokenKeys) },
    issueClient: async (subject) => issue(authority, await generateKeys(), subject, clientAuth),
    sign: async (order) => certify(authority, order),
  };
}

/** What the serving certificate is valid for, without doubles: kubeadm's list and the machine's own names. */
export function servingNames(options: Pick<ClusterPkiOptions, 'names' | 'serviceAddress' | 'clusterDomain'>): readonly string[] {
  const fixed = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${options.clusterDomain}`, 'localhost'];
  return [...new Set([...fixed, ...options.names, '127.0.0.1', '::1', options.serviceAddress])];
}

function createAuthority(keys: Keys, nowMs: number): Authority {
  const name = subjectName('kubernetes');
  const publicKey = parsePublicKey(publicDer(keys));
  const notAfter = nowMs + 10 * yearMs;
  const extensions = [
    keyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyCertSign),
    basicConstraints(true),
    subjectKeyIdentifier(publicKey),
    ...alternativeNames({ dns: ['kubernetes'] }),
  ];
  const certificate = signCertificate({ subject: name, issuer: name, notBefore: nowMs - backdateMs, notAfter, publicKey, extensions }, keys.privateKey);
  return { name, certificate, keys, keyIdentifier: authorityKeyIdentifier(publicKey), notAfter, nowMs, madeAt: wallClock() };
}

function issue(
  authority: Authority,
  keys: Keys,
  { commonName, organizations }: { readonly commonName: string; readonly organizations: readonly string[] },
  usage: string,
  names: readonly string[] = [],
): KeyPair {
  const content = {
    subject: subjectName(commonName, organizations),
    issuer: authority.name,
    notBefore: authority.nowMs - backdateMs,
    notAfter: authority.nowMs + yearMs,
    publicKey: parsePublicKey(publicDer(keys)),
    extensions: [
      keyUsage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment),
      extendedKeyUsage([usage]),
      basicConstraints(false),
      authority.keyIdentifier,
      ...alternativeNames({ dns: names.filter((name) => !isAddress(name)), ip: names.filter(isAddress) }),
    ],
  };
  return { certificate: signCertificate(content, authority.keys.privateKey), key: privatePem(keys) };
}

const usageFlags: Readonly<Record<string, KeyUsageFlags>> = {
  'digital signature': KeyUsageFlags.digitalSignature,
  'key encipherment': KeyUsageFlags.keyEncipherment,
};
const purposes: Readonly<Record<string, string>> = { 'client auth': clientAuth, 'server auth': serverAuth };

/** A certificate for a key that somebody else holds (pkg/controller/certificates/authority PermissiveSigningPolicy). */
function certify(authority: Authority, { request, usages, seconds }: CertificateOrder): string {
  const now = authority.nowMs + (wallClock() - authority.madeAt);
  const wantedMs = seconds * 1000;
  const endMs = (wantedMs < shortMs ? now : now - backdateMs) + wantedMs;
  const flags = usages.reduce((all, usage) => all | (usageFlags[usage] ?? 0), 0);
  const content = {
    subject: parseName(request.subject),
    issuer: authority.name,
    notBefore: now - backdateMs,
    notAfter: Math.min(endMs, authority.notAfter),
    publicKey: parsePublicKey(request.publicKey),
    extensions: [
      ...(flags === 0 ? [] : [keyUsage(flags)]),
      extendedKeyUsage(usages.flatMap((usage) => purposes[usage] ?? [])),
      basicConstraints(false),
      authority.keyIdentifier,
      ...alternativeNames({ dns: request.dnsNames, ip: request.ipAddresses, email: request.emailAddresses, uri: request.uris }),
    ],
  };
  return `${signCertificate(content, authority.keys.privateKey)}\n`;
}

const generateKeyPairLater = promisify(generateKeyPair);

const generateKeys = (): Promise<Keys> => generateKeyPairLater('ec', { namedCurve: 'P-256' });

const privatePem = ({ privateKey }: Keys) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = ({ publicKey }: Keys) => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const publicDer = ({ publicKey }: Keys) => publicKey.export({ type: 'spki', format: 'der' });
