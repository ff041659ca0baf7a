import { formatIpv4, isIpv6, parseIpv4 } from './ip.ts';

/** An address as it is, however it was written. */
export interface IpForm {
  /** As it should be written. */
  readonly text: string;
  /** 32 or 128 digits of 0 and 1: of an IPv4 address that is mapped into IPv6 32, as Go has it. */
  readonly bits: string;
  /** An IPv4 address dressed up as IPv6, which strict parsers refuse, ... */
  readonly isMapped: boolean;
  /** ... as they do leading zeros in decimals. */
  readonly isPadded: boolean;
}

/** Reads an address as upstream's ParseIPSloppy does; undefined if it is none. */
export function readIp(text: string): IpForm | undefined {
  const dotted = text.slice(text.lastIndexOf(':') + 1);
  const isPadded = dotted.includes('.') && /(^|\.)0\d/.test(dotted);
  const four = parseIpv4(text);
  if (four !== undefined) return { text: formatIpv4(four), bits: four.toString(2).padStart(32, '0'), isMapped: false, isPadded };
  if (!isIpv6(text)) return undefined;
  const bits = ipv6Groups(text)
    .map((group) => group.toString(2).padStart(16, '0'))
    .join('');
  const isMapped = /^0{80}1{16}/.test(bits);
  const own = isMapped ? bits.slice(96) : bits;
  return { text: formatBits(own), bits: own, isMapped, isPadded };
}

/** The eight numbers of an IPv6 address that is known to be one. */
function ipv6Groups(text: string): number[] {
  const groupsOf = (half: string): number[] =>
    (half === '' ? [] : half.split(':')).flatMap((group) => {
      if (!group.includes('.')) return [Number.parseInt(group, 16)];
      const four = parseIpv4(group) ?? 0;
      return [Math.floor(four / 65_536), four % 65_536];
    });
  const [head = '', tail] = text.split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Dotted, or as RFC 5952 has it: lower case, the first of the longest runs of zeros left out. */
export function formatBits(bits: string): string {
  if (bits.length === 32) return formatIpv4(Number.parseInt(bits, 2));
  const groups = Array.from({ length: 8 }, (_, i) => Number.parseInt(bits.slice(i * 16, i * 16 + 16), 2).toString(16));
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (groups[end] === '0') end += 1;
    if (end - i > length) [start, length] = [i, end - i];
  }
  return start < 0 ? groups.join(':') : `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
