import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coverageDocument } from './coverage.ts';

const page = new URL('../../docs/api-coverage.md', import.meta.url);

test('docs/api-coverage.md says what the code serves (npm run docs writes it)', () => {
  if (process.env.PAPERKUBE_WRITE_DOCS) writeFileSync(page, coverageDocument());
  expect(readFileSync(page, 'utf8')).toBe(coverageDocument());
});
