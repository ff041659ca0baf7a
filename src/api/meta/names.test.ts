import { expect, test } from 'vitest';
import { path } from '../../machinery/field-error.ts';
import { formatIpv4, isIp, parseCidr } from './ip.ts';
import { Mistakes } from './mistakes.ts';
import { isConfigKey, isDns1123Label, isPortName, isQualifiedName, nameIsSubdomain } from './names.ts';
import { validateNonSpecialIp } from './special-ip.ts';

test('a prefix for generated names may end in a dash, a name may not', () => {
  expect(nameIsSubdomain('web-', true)).toEqual([]);
  expect(nameIsSubdomain('web-', false)).toHaveLength(1);
});

test('names that are too long or hold dots are told apart from names of bad characters', () => {
  expect(isDns1123Label('x'.repeat(64))).toEqual(['must be no more than 63 characters']);
  expect(isDns1123Label('a.b')).toEqual(['must not contain dots']);
  expect(isPortName('a--b-')).toEqual(['must not contain consecutive hyphens', 'must not begin or end with a hyphen']);
  expect(isConfigKey('..data')).toEqual(["must not start with '..'"]);
});

test('a qualified name may have one prefix', () => {
  expect(isQualifiedName('example.com/name')).toEqual([]);
  expect(isQualifiedName('/name')).toEqual(['prefix part must be non-empty']);
  expect(isQualifiedName('a/b/c')[0]).toMatch(
    /^a qualified name must consist of .* with an optional DNS subdomain prefix and '\/' \(e.g. 'example.com\/MyName'\)$/,
  );
});

test('addresses and ranges', () => {
  expect(['10.0.0.1', '::1', '2001:db8::ffff', '::ffff:1.2.3.4'].every(isIp)).toBe(true);
  expect(['10.0.0', '10.0.0.256', ':::', '1::2::3', 'g::1', ''].some(isIp)).toBe(false);
  expect(parseCidr('10.96.1.2/16')).toEqual({ text: '10.96.1.2/16', base: 0x0a600000, size: 65_536 });
  expect(formatIpv4(0x0a60000a)).toBe('10.96.0.10');
  const mistakes = new Mistakes();
  validateNonSpecialIp(mistakes, '169.254.169.254', path('ip'));
  expect(mistakes.list.map(String)).toEqual(['ip: Invalid value: "169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)']);
});
