import { expect, test } from 'vitest';
import { acceptedType, parseAccept } from './accept.ts';
import { testServer } from './testing/test-server.ts';

test('clauses are read without the blanks around their parts, however many there are', () => {
  const [clause] = parseAccept('  application/json ; as = Table ;q=0.5');
  expect(clause).toMatchObject({ type: 'application', subtype: 'json', quality: 0.5 });
  expect(clause?.parameters.get('as')).toBe('Table');
  expect(parseAccept(`a${' '.repeat(500_000)}b`)).toEqual([]);
  expect(acceptedType('text/plain, application/*', ['application/json'])).toBe('application/json');
});

test('what is always JSON is refused to whoever takes no JSON, and the groups to whoever takes nothing that is spoken here', async () => {
  const { ask } = testServer();
  const message = async (path: string, accept: string): Promise<unknown> =>
    ((await ask('GET', path, undefined, { accept })).body as { message?: string }).message;
  expect(await message('/version', 'text/html')).toBe('406: Not Acceptable\n\nAvailable representations: application/json');
  expect(await message('/version', 'application/json;stream=watch')).toBeUndefined();
  const all = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  for (const path of ['/apis', '/apis/apps']) {
    expect(await message(path, 'text/html')).toBe(`only the following media types are accepted: ${all}`);
    expect(await message(path, 'application/*')).toBeUndefined();
  }
  for (const path of ['/api', '/apis/apps/v1']) expect(await message(path, 'application/*')).toBe(`406: Not Acceptable\n\nAvailable representations: ${all}`);
});
