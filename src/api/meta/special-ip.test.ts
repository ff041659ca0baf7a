import { expect, test } from 'vitest';
import { path } from '../../machinery/field-error.ts';
import { Mistakes } from './mistakes.ts';
import { validateNonSpecialIp } from './special-ip.ts';

const loopback = 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
const local = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
const multicast = 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';

test.each([
  ['10.0.0.1', undefined],
  ['224.0.1.1', undefined],
  ['2001:db8::1', undefined],
  ['ff05::2', undefined],
  ['0.0.0.0', 'may not be unspecified (0.0.0.0)'],
  ['0:0:0:0:0:0:0:0', 'may not be unspecified (0:0:0:0:0:0:0:0)'],
  ['127.9.9.9', loopback],
  ['0:0:0:0:0:0:0:1', loopback],
  ['::ffff:127.0.0.1', loopback],
  ['169.254.1.1', local],
  ['FEBF::1', local],
  ['224.0.0.1', multicast],
  ['ff02::1', multicast],
  ['ff12:0:0::2', multicast],
  ['x', 'must be a valid IP address'],
])('an endpoint at %s', (text, why) => {
  const mistakes = new Mistakes();
  validateNonSpecialIp(mistakes, text, path('ip'));
  expect(mistakes.list.map(String)).toEqual(why === undefined ? [] : [`ip: Invalid value: "${text}": ${why}`]);
});
