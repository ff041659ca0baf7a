import { expect, test } from 'vitest';
import { readIp } from './ip-form.ts';
import { cidrWarnings, ipWarnings } from './ip-warnings.ts';

// What kube-apiserver 1.33 has said of each.
test.each([
  ['10.0.0.1', undefined],
  ['010.0.0.1', 'non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"'],
  ['::ffff:1.2.3.4', 'non-standard IP address "::ffff:1.2.3.4" will be considered invalid in a future Kubernetes release: use "1.2.3.4"'],
  ['2001:db8::1', undefined],
  ['2001:DB8::1', 'IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'],
  ['1::2:0:0:3:0:0', 'IPv6 address "1::2:0:0:3:0:0" should be in RFC 5952 canonical format ("1:0:2::3:0:0")'],
  ['FE80::0:1', 'IPv6 address "FE80::0:1" should be in RFC 5952 canonical format ("fe80::1")'],
  ['::1.2.3.4', 'IPv6 address "::1.2.3.4" should be in RFC 5952 canonical format ("::102:304")'],
  ['no address', undefined],
])('an address written as %s', (text, warning) => {
  expect(ipWarnings('a', text)).toEqual(warning === undefined ? [] : [`a: ${warning}`]);
});

const ambiguous = (text: string, network: string, host: string) =>
  `a: CIDR value "${text}" is ambiguous in this context (should be "${network}" or "${host}"?)`;
const nonStandard = (text: string, network: string) =>
  `a: non-standard CIDR value "${text}" will be considered invalid in a future Kubernetes release: use "${network}"`;

test.each([
  ['10.0.0.0/8', []],
  ['0.0.0.0/0', []],
  ['::/0', []],
  ['10.0.0.1/8', [ambiguous('10.0.0.1/8', '10.0.0.0/8', '10.0.0.1/32')]],
  ['010.0.0.0/8', [nonStandard('010.0.0.0/8', '10.0.0.0/8')]],
  ['10.0.0.0/08', [nonStandard('10.0.0.0/08', '10.0.0.0/8')]],
  ['2001:DB8::/32', ['a: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")']],
  ['2001:db8:0:1:0:0:0:1/64', [ambiguous('2001:db8:0:1:0:0:0:1/64', '2001:db8:0:1::/64', '2001:db8:0:1::1/128')]],
  ['::ffff:1.2.3.0/120', [nonStandard('::ffff:1.2.3.0/120', '1.2.3.0/24')]],
  ['::ffff:1.2.3.4/120', [ambiguous('::ffff:1.2.3.4/120', '1.2.3.0/24', '1.2.3.4/128'), nonStandard('::ffff:1.2.3.4/120', '1.2.3.0/24')]],
  ['10.0.0.0/33', []],
  ['10.0.0.0', []],
])('a range written as %s', (text, warnings) => {
  expect(cidrWarnings('a', text)).toEqual(warnings);
});

test('addresses are written as RFC 5952 has it: the first of the longest runs of zeros is left out, a single zero is not', () => {
  const forms = ['0:0:0:0:0:0:0:0', '1:0:0:2:0:0:0:3', '1:0:2:3:4:5:6:7', '1:0:0:2:3:0:0:4', '0:0:1:2:3:4:5:6', '1:2:3:4:5:6:0:0'];
  expect(forms.map((one) => readIp(one)?.text)).toEqual(['::', '1:0:0:2::3', '1:0:2:3:4:5:6:7', '1::2:3:0:0:4', '::1:2:3:4:5:6', '1:2:3:4:5:6::']);
});
