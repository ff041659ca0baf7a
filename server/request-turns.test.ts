import { expect, test } from 'vitest';
import { RequestTurns } from './request-turns.ts';

/** Work that notes when it begins and ends, and takes a few steps. */
function noting(notes: string[]) {
  return (name: string) => async (): Promise<string> => {
    notes.push(`${name} begins`);
    await Promise.resolve();
    await Promise.resolve();
    notes.push(`${name} ends`);
    return name;
  };
}

test('what comes in one turn begins together, when all of it has come', async () => {
  const turns = new RequestTurns();
  const notes: string[] = [];
  const work = noting(notes);
  const both = [turns.take('POST', '/pods', work('a')), turns.take('POST', '/pods', work('b'))];
  await Promise.resolve();
  expect(notes).toEqual([]);
  expect(await Promise.all(both)).toEqual(['a', 'b']);
  expect(notes).toEqual(['a begins', 'b begins', 'a ends', 'b ends']);
  expect(await turns.take('GET', '/pods/a', work('c'))).toBe('c');
});

test('changes of one object are made one after the other, reads of it come last, and all are answered together', async () => {
  const turns = new RequestTurns();
  const notes: string[] = [];
  const work = noting(notes);
  const answered = (name: string) => notes.push(`${name} answered`);
  await Promise.all([
    turns.take('GET', '/pods/a', work('read')).then(answered),
    turns.take('PUT', '/pods/a', work('first')).then(answered),
    turns.take('PATCH', '/pods/a', work('second')).then(answered),
    turns.take('PUT', '/pods/b', work('other')).then(answered),
  ]);
  const of = (...names: string[]) => notes.filter((note) => names.includes(note.split(' ')[0] as string));
  expect(of('first', 'second', 'read').filter((note) => !note.endsWith('answered'))).toEqual([
    'first begins',
    'first ends',
    'second begins',
    'second ends',
    'read begins',
    'read ends',
  ]);
  expect(notes.indexOf('first answered')).toBeGreaterThan(notes.indexOf('second ends'));
  expect(notes.indexOf('other begins')).toBeLessThan(notes.indexOf('first ends'));
});

test('a change that fails, or waits for something outside, holds up nobody', async () => {
  const turns = new RequestTurns();
  const failing = turns.take('PUT', '/pods/a', () => Promise.reject(new Error('refused')));
  let goOn = () => {};
  const waiting = turns.take('PATCH', '/pods/a', () => new Promise<string>((resolve) => (goOn = () => resolve('late'))));
  const later = [turns.take('DELETE', '/pods/a', async () => 'deleted'), turns.take('GET', '/pods/a', async () => 'read')];
  await expect(failing).rejects.toThrow('refused');
  expect(await Promise.all(later)).toEqual(['deleted', 'read']);
  goOn();
  expect(await waiting).toBe('late');
});
