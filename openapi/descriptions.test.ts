import { expect, test } from 'vitest';
import { listValues, returnTypeTexts, spaceDescriptions } from './descriptions.ts';
import type { Draft } from './models.ts';

test('a text gets its lines back if it is the one that they were counted in', () => {
  const definitions: Record<string, Draft> = {
    Pod: { description: 'A pod.  It is: - one', properties: { spec: { description: 'What  is wanted.' }, status: { description: 'another text' } } },
  };
  const spacing = {
    Pod: { '': [6, { 2: '\n\n', 4: '\n - ' }], spec: [3, { 1: '\n' }], status: [3, { 1: '\n' }], absent: [1, {}] },
    Node: { '': [2, { 1: '\n' }] },
  } as const;
  spaceDescriptions(definitions, spacing);
  expect(definitions.Pod).toEqual({
    description: 'A pod.\n\nIt is:\n - - one',
    properties: { spec: { description: 'What\nis wanted.' }, status: { description: 'another text' } },
  });
});

test('the values of an enum stand behind the text of its field, not behind that of a list', () => {
  const definitions: Record<string, Draft> = {
    Pod: { properties: { policy: { type: 'string', enum: ['Always', ''], description: 'When.' }, modes: { items: { enum: ['a'] } }, kind: { enum: ['b'] } } },
  };
  listValues(definitions);
  const properties = definitions.Pod?.properties as Record<string, Draft>;
  expect(properties.policy?.description).toBe('When.\n\nPossible enum values:\n - `"Always"`\n - `""`');
  expect(properties.kind?.description).toBe('Possible enum values:\n - `"b"`');
  expect(properties.modes?.description).toBeUndefined();
});

test('the text of a special type goes from its fields to the type', () => {
  const name = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
  const $ref = `#/definitions/${name}`;
  const definitions: Record<string, Draft> = {
    [name]: { type: 'string', description: 'ours' },
    Port: { properties: { port: { $ref, description: 'IntOrString is a type.' }, target: { $ref, description: 'IntOrString of its own.' } } },
  };
  returnTypeTexts(definitions);
  expect(definitions[name]).toEqual({ type: 'string', description: 'IntOrString is a type.' });
  expect(definitions.Port?.properties).toEqual({ port: { $ref }, target: { $ref, description: 'IntOrString of its own.' } });
});
