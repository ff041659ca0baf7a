import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';

/** Authorities whose client certificates are good, PEM. */
export interface ClientTrust {
  /** Of users, by the subject of their certificates. */
  readonly users: readonly string[];
  /** Of front proxies, which say in headers for whom they ask. */
  readonly frontProxies: readonly string[];
}

/** What a client's certificate is good for. */
export interface Standing {
  readonly isUser: boolean;
  readonly isFrontProxy: boolean;
}

/** A chain of more authorities than this is nobody's. */
const chainMax = 8;

/**
 * Tells users from front proxies. TLS verifies a certificate against all authorities together, since it has but one list; what is
 * left is by which of them it was signed. Signatures are looked at, not names: two authorities may be called the same.
 */
export class ClientTrustees {
  readonly #users: readonly X509Certificate[];
  readonly #frontProxies: readonly X509Certificate[];

  constructor({ users, frontProxies }: ClientTrust) {
    this.#users = users.map((pem) => new X509Certificate(pem));
    this.#frontProxies = frontProxies.map((pem) => new X509Certificate(pem));
  }

  /** @param certificate what the client has shown, verified by TLS, with those that came with it */
  standingOf(certificate: DetailedPeerCertificate): Standing {
    const [own, ...others] = chainOf(certificate);
    if (!own) return { isUser: false, isFrontProxy: false };
    return { isUser: isSignedBy(own, this.#users, others), isFrontProxy: isSignedBy(own, this.#frontProxies, others) };
  }
}

/** A certificate and its issuers, as far as they are known; the last one is its own issuer. */
function chainOf(certificate: DetailedPeerCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let one = certificate; one?.raw && chain.length <= chainMax; one = one.issuerCertificate) {
    chain.push(new X509Certificate(one.raw));
    if (one.issuerCertificate === one) break;
  }
  return chain;
}

function isSignedBy(one: X509Certificate, authorities: readonly X509Certificate[], between: readonly X509Certificate[], left = chainMax): boolean {
  if (authorities.some((authority) => one.fingerprint256 === authority.fingerprint256 || hasSigned(authority, one))) return true;
  if (left === 0) return false;
  return between.some((next) => hasSigned(next, one) && isSignedBy(next, authorities, without(between, next), left - 1));
}

const without = <T>(all: readonly T[], one: T): readonly T[] => all.filter((other) => other !== one);

function hasSigned(authority: X509Certificate, one: X509Certificate): boolean {
  return authority.ca && one.checkIssued(authority) && one.verify(authority.publicKey);
}
