import type { IpForm } from './ip-form.ts';
import { formatBits, readIp } from './ip-form.ts';

/**
 * What is said of an address that is valid, and not written as it should be (utilvalidation GetWarningsForIP).
 * @param at the field, as it is shown
 */
export function ipWarnings(at: string | { toString(): string }, text: string): string[] {
  const ip = readIp(text);
  if (!ip) return [];
  if (!isStandard(ip))
    return [`${at}: non-standard IP address ${quoted(text)} will be considered invalid in a future Kubernetes release: use ${quoted(ip.text)}`];
  return ip.text === text ? [] : [`${at}: IPv6 address ${quoted(text)} should be in RFC 5952 canonical format (${quoted(ip.text)})`];
}

/** The same of a range of addresses (utilvalidation GetWarningsForCIDR). */
export function cidrWarnings(at: string | { toString(): string }, text: string): string[] {
  const [address = '', length = '', ...rest] = text.split('/');
  const ip = readIp(address);
  if (!ip || rest.length > 0 || !/^\d{1,3}$/.test(length)) return [];
  // A mapped address has the length of IPv6 as it is written, and that of IPv4 as Go prints it.
  const writtenBits = address.includes(':') ? 128 : 32;
  const bits = ip.bits.length;
  const prefix = Number(length) - (writtenBits - bits);
  if (Number(length) > writtenBits || prefix < 0) return [];
  const network = `${formatBits(ip.bits.slice(0, prefix).padEnd(bits, '0'))}/${prefix}`;
  const warnings: string[] = [];
  if (ip.bits.slice(prefix).includes('1')) {
    warnings.push(`${at}: CIDR value ${quoted(text)} is ambiguous in this context (should be ${quoted(network)} or ${quoted(`${ip.text}/${writtenBits}`)}?)`);
  }
  if (!isStandard(ip) || /^0\d/.test(length)) {
    warnings.push(`${at}: non-standard CIDR value ${quoted(text)} will be considered invalid in a future Kubernetes release: use ${quoted(network)}`);
  }
  if (warnings.length === 0 && network !== text)
    warnings.push(`${at}: IPv6 CIDR value ${quoted(text)} should be in RFC 5952 canonical format (${quoted(network)})`);
  return warnings;
}

const quoted = (text: string): string => JSON.stringify(text);
const isStandard = ({ isMapped, isPadded }: IpForm): boolean => !isMapped && !isPadded;
