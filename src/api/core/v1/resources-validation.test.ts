import { expect, test } from 'vitest';
import { path } from '../../../machinery/field-error.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { validateContainerResources } from './resources-validation.ts';

test('a request that is an empty text is no reason to fail', () => {
  const mistakes = new Mistakes();
  validateContainerResources(mistakes, { requests: { cpu: '' }, limits: { cpu: '1' } }, new Set(), path('resources'));
  expect(mistakes.list).toEqual([]);
});
