import { expect, test } from 'vitest';
import { imagePullPolicyFor } from './images.ts';

test('an image is always pulled when it is the latest one, and once when its tag, its digest or its mistake says otherwise', () => {
  const latest = ['nginx', 'nginx:latest', 'example.com/a/b', 'example.com:5000/a', 'localhost/a', 'Example/a', 'a__b', '[fd00::1]:5000/a'];
  expect(latest.filter((image) => imagePullPolicyFor(image) !== 'Always')).toEqual([]);
  const digest = `@sha256:${'0'.repeat(64)}`;
  const others = [
    'nginx:1',
    `nginx${digest}`,
    `nginx:1${digest}`,
    '',
    'é',
    'A b',
    '\n',
    'Nginx',
    'a/B',
    'a:b:c',
    'a@',
    ':latest',
    'a'.repeat(256),
    '0'.repeat(64),
  ];
  expect(others.filter((image) => imagePullPolicyFor(image) !== 'IfNotPresent')).toEqual([]);
});

test('a name that is long and nearly right takes no time', () => {
  expect(imagePullPolicyFor(`${'a-'.repeat(500_000)}!`)).toBe('IfNotPresent');
  expect(imagePullPolicyFor(`${'a'.repeat(1000)}!`)).toBe('IfNotPresent');
});
