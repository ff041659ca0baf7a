import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { load } from 'js-yaml';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubeconfigPathForMerge, mergeKubeconfig, renderKubeconfig, restoreKubeconfig } from './kubeconfig.ts';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'paperkube-test-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const options = { name: 'demo', server: 'https://127.0.0.1:6443', certificateAuthority: 'CA', client: { certificate: 'CERT', key: 'KEY' } };
const read = (path: string) =>
  load(readFileSync(path, 'utf8')) as Record<string, unknown> & { clusters: { name: string }[]; contexts: { name: string }[]; users: { name: string }[] };

const others = `apiVersion: v1
kind: Config
clusters:
- name: prod
  cluster: {server: "https://prod", extensions: [{name: x, extension: {seen: 2024-01-02}}]}
contexts:
- name: prod
  context: {cluster: prod, user: me}
current-context: prod
users:
- name: me
  user: {token: "0123"}
`;

test('a first merge makes a private file, and the restore removes it', () => {
  const merged = mergeKubeconfig(options, undefined, { HOME: home });
  const path = join(home, '.kube', 'config');
  expect(merged).toEqual({ path, context: 'paperkube-demo', previousContext: undefined, created: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}.lock`)).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe(renderKubeconfig(options));
  expect(Object.keys(read(path))).toEqual(['apiVersion', 'clusters', 'contexts', 'current-context', 'kind', 'users']);
  restoreKubeconfig('demo', merged);
  expect(existsSync(path)).toBe(false);
});

test('other clusters stay as they are, and their context comes back', () => {
  const path = join(home, 'config');
  writeFileSync(path, others, { mode: 0o640 });
  const before = read(path);
  const merged = mergeKubeconfig(options, path, {});
  expect(merged.previousContext).toBe('prod');
  expect(read(path)['current-context']).toBe('paperkube-demo');
  expect(read(path).clusters.map((one) => one.name)).toEqual(['prod', 'paperkube-demo']);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  mergeKubeconfig(options, path, {}); // Again: nothing doubles.
  expect(read(path).users.map((one) => one.name)).toEqual(['me', 'paperkube-demo']);
  restoreKubeconfig('demo', merged);
  expect(read(path)).toEqual(before);
});

test('a context that the user chose meanwhile stays current', () => {
  const path = join(home, 'config');
  writeFileSync(path, others);
  const merged = mergeKubeconfig(options, path, {});
  writeFileSync(path, readFileSync(path, 'utf8').replace('current-context: paperkube-demo', 'current-context: mine'));
  restoreKubeconfig('demo', merged);
  expect(read(path)['current-context']).toBe('mine');
});

test('a previous context that has gone is not put back', () => {
  const path = join(home, 'config');
  writeFileSync(path, others);
  const merged = mergeKubeconfig(options, path, {});
  restoreKubeconfig('demo', { ...merged, previousContext: 'gone' });
  expect(read(path)['current-context']).toBe('');
});

test('a file that is no kubeconfig is left untouched', () => {
  const path = join(home, 'config');
  const bad = ['a: [', 'just text', '- 1\n- 2', 'clusters: yes', 'clusters: [1]', 'a: 1\na: 2', '\u0000\u0001binary'];
  for (const text of bad) {
    writeFileSync(path, text);
    expect(() => mergeKubeconfig(options, path, {}), text).toThrow(`cannot use the kubeconfig ${path}`);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(existsSync(`${path}.lock`)).toBe(false);
  }
});

test('an empty file counts as a new one', () => {
  const path = join(home, 'config');
  writeFileSync(path, '\n');
  mergeKubeconfig(options, path, {});
  expect(read(path)['current-context']).toBe('paperkube-demo');
});

test('a list in KUBECONFIG means the first file that exists, else the last one', () => {
  const [one, two, three] = ['one', 'two', 'three'].map((name) => join(home, name)) as [string, string, string];
  const list = ['', one, two, two, three].join(delimiter);
  expect(kubeconfigPathForMerge(undefined, { KUBECONFIG: list })).toBe(three);
  writeFileSync(two, others);
  expect(kubeconfigPathForMerge(undefined, { KUBECONFIG: list })).toBe(two);
  expect(kubeconfigPathForMerge(one, { KUBECONFIG: list })).toBe(one);
});

test('a link to the file stays a link', () => {
  mkdirSync(join(home, 'real'));
  writeFileSync(join(home, 'real', 'config'), others);
  symlinkSync(join(home, 'real', 'config'), join(home, 'config'));
  mergeKubeconfig(options, join(home, 'config'), {});
  expect(read(join(home, 'real', 'config'))['current-context']).toBe('paperkube-demo');
});

test('a lock that nobody gives back is named', () => {
  const path = join(home, 'config');
  writeFileSync(`${path}.lock`, '');
  expect(() => mergeKubeconfig(options, path, {})).toThrow(`${path}.lock exists`);
});
