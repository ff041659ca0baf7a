/** The client's side of HTTPS: a handshake over an open connection, and what it makes of the server's certificate. */
import { X509Certificate } from 'node:crypto';
import type { Connection, Process, Syscall } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';
import { TlsClientConnection } from '../../wire/tls.ts';
import { isAddress } from './resolver.ts';
import { waitOrTimeout } from './socket.ts';

/** Shakes hands; nothing of the request has been sent by then. Throws TlsError, or SystemError ETIMEDOUT or ECONNRESET. */
export function* secure(process: Process, connection: Connection, timeoutMs: number): Syscall<TlsClientConnection> {
  const tls = new TlsClientConnection(connection);
  const done = yield* waitOrTimeout(
    process,
    () => tls.shakeHands(),
    (wake) => tls.onReadable(wake),
    timeoutMs,
  );
  if (!done) throw new SystemError('ETIMEDOUT');
  return tls;
}

/**
 * What is wrong with what a server has shown, in OpenSSL's and curl's words; undefined if it is good for the host.
 *
 * Differs from upstream: when a certificate begins and ends is not looked at, for the cluster's clock need not be the real one.
 * @param authorities the trusted ones, PEM, one after the other
 */
export function certificateMistake(shown: readonly Uint8Array[], authorities: string, host: string): string | undefined {
  const [own, ...others] = shown.map(readCertificate);
  if (!own) return 'SSL certificate problem: self-signed certificate';
  const pems = authorities.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const trusted = pems.map((pem) => readCertificate(Buffer.from(pem))).filter((one) => one !== undefined);
  if (!isTrusted(own, others, trusted)) return 'SSL certificate problem: unable to get local issuer certificate';
  const kind = !isAddress(host) ? 'host name' : host.includes(':') ? 'ipv6 address' : 'ipv4 address';
  const fits = isAddress(host) ? own.checkIP(host) : own.checkHost(host, { subject: 'never' });
  return fits === undefined ? `SSL: no alternative certificate subject name matches target ${kind} '${host}'` : undefined;
}

function readCertificate(data: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(data);
  } catch {
    return undefined; // Whatever a program in a container has written there.
  }
}

/** Follows issuers from a certificate up to one that is trusted; each of those in between is used once. */
function isTrusted(one: X509Certificate, others: readonly (X509Certificate | undefined)[], trusted: readonly X509Certificate[]): boolean {
  if (trusted.some((authority) => isIssuedBy(one, authority))) return true;
  const next = others.find((other) => other && isIssuedBy(one, other));
  return (
    next !== undefined &&
    isTrusted(
      next,
      others.filter((other) => other !== next),
      trusted,
    )
  );
}

const isIssuedBy = (one: X509Certificate, authority: X509Certificate) => authority.ca && one.checkIssued(authority) && one.verify(authority.publicKey);
