import { createPublicKey, type KeyObject } from 'node:crypto';
import { type CertificateSubject, generateKey, type Issuer, signCertificate } from './certificate.ts';

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
  issueClient(subject: CertificateSubject): Promise<KeyPair>;
}

const minuteMs = 60_000;
const yearMs = 365 * 24 * 60 * minuteMs;
/** kubeadm lets certificates begin a little earlier, for machines whose clocks lag. */
const backdateMs = 5 * minuteMs;
const authorityName: CertificateSubject = { commonName: 'kubernetes', organizations: [] };

interface Authority extends Issuer {
  readonly nowMs: number;
}

/**
 * Makes the cluster's CA, the server's and the admin's certificates and the token key: EC P-256, about 3 ms.
 *
 * Differs from upstream: kubeadm's admin is in `kubeadm:cluster-admins`, which a ClusterRoleBinding empowers; ours is in
 * `system:masters`, which needs no binding. Token keys of kubeadm are RSA, which take far longer to make.
 */
export async function createClusterPki(options: ClusterPkiOptions): Promise<ClusterPki> {
  const authority: Authority = { subject: authorityName, privateKey: generateKey(), nowMs: options.nowMs };
  const tokenKey = generateKey();
  return {
    ca: { certificate: authorityCertificate(authority), key: privatePem(authority.privateKey) },
    serving: issue(authority, { commonName: 'kube-apiserver', organizations: [] }, 'server', servingNames(options)),
    admin: issue(authority, { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, 'client', []),
    serviceAccount: { privateKey: privatePem(tokenKey), publicKey: createPublicKey(tokenKey).export({ type: 'spki', format: 'pem' }) as string },
    issueClient: async (subject) => issue(authority, subject, 'client', []),
  };
}

/** What the serving certificate is valid for, without doubles: kubeadm's list and the machine's own names. */
export function servingNames(options: Pick<ClusterPkiOptions, 'names' | 'serviceAddress' | 'clusterDomain'>): readonly string[] {
  const fixed = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${options.clusterDomain}`, 'localhost'];
  return [...new Set([...fixed, ...options.names, '127.0.0.1', '::1', options.serviceAddress])];
}

function authorityCertificate(authority: Authority): string {
  const { subject, privateKey, nowMs } = authority;
  return signCertificate(
    {
      subject,
      publicKey: createPublicKey(privateKey),
      usage: 'authority',
      names: [subject.commonName],
      notBefore: nowMs - backdateMs,
      notAfter: nowMs + 10 * yearMs,
    },
    authority,
  );
}

function issue(authority: Authority, subject: CertificateSubject, usage: 'server' | 'client', names: readonly string[]): KeyPair {
  const key = generateKey();
  const certificate = signCertificate(
    { subject, publicKey: createPublicKey(key), usage, names, notBefore: authority.nowMs - backdateMs, notAfter: authority.nowMs + yearMs },
    authority,
  );
  return { certificate, key: privatePem(key) };
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
