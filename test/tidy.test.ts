/** Keeps the layer arrows, the clock rule and the socket rule of docs/architecture.md honest. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** What a layer may import directly or through others; a layer may always import itself. */
const below: Record<string, readonly string[]> = {
  env: [],
  machinery: ['env'],
  api: ['machinery'],
  shell: ['env'],
  runtime: ['shell'],
  store: ['machinery'],
  admission: ['api'],
  registry: ['store', 'admission', 'api'],
  apiserver: ['registry', 'admission'],
  client: ['machinery', 'api'],
  controllers: ['client'],
  scheduler: ['client'],
  kubelet: ['client', 'runtime'],
  network: ['client', 'runtime'],
  dns: ['client'],
  cluster: ['apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'network', 'dns', 'runtime'],
  server: ['cluster', 'apiserver', 'machinery'],
};

function allowed(layer: string): Set<string> {
  const found = new Set([layer]);
  for (const next of below[layer] ?? []) for (const one of allowed(next)) found.add(one);
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return name.endsWith('.ts') ? [path] : [];
  });
}

const files = [...sources(join(root, 'src')), ...sources(join(root, 'server'))].map((path) => ({
  name: relative(root, path).split(sep).join('/'),
  text: readFileSync(path, 'utf8'),
}));

/** `src/shell/sh/x.ts` -> `shell`; `server/app.ts` -> `server`. */
function layerOf(name: string): string {
  const [top, second] = name.split('/');
  return top === 'src' ? (second as string) : (top as string);
}

function imports(text: string): string[] {
  return [...text.matchAll(/(?:^|[\s;])(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g)].map(
    (match) => (match[1] ?? match[2]) as string,
  );
}

const isTest = (name: string) => name.endsWith('.test.ts') || name.includes('/testing/') || name.endsWith('.cases.ts');

test('imports only run down the layers', () => {
  const wrong: string[] = [];
  for (const { name, text } of files) {
    if (isTest(name)) continue;
    const may = allowed(layerOf(name));
    for (const from of imports(text)) {
      if (!from.startsWith('.')) continue;
      const target = posix.join(dirname(name), from);
      if (target.startsWith('generated/')) continue;
      if (!may.has(layerOf(target))) wrong.push(`${name} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('the components on one row do not import each other', () => {
  const row = new Set(['controllers', 'scheduler', 'kubelet', 'network', 'dns']);
  const wrong = files.flatMap(({ name, text }) => {
    const own = layerOf(name);
    if (!row.has(own) || isTest(name)) return [];
    return imports(text)
      .filter((from) => from.startsWith('.'))
      .map((from) => layerOf(posix.join(dirname(name), from)))
      .filter((other) => row.has(other) && other !== own)
      .map((other) => `${name} imports ${other}`);
  });
  expect(wrong).toEqual([]);
});

test('nothing outside src/env and server reads the wall clock, sets a timer or rolls dice', () => {
  const banned = [
    /\bDate\.now\b/,
    /\bnew Date\(\)/,
    /\bperformance\.now\b/,
    /\bset(?:Timeout|Interval|Immediate)\b/,
    /\bqueueMicrotask\b/,
    /\bMath\.random\b/,
    /\bimport\s[^;]*\brandom\w*[^;]*from 'node:crypto'|\bcrypto\.random|\bgetRandomValues\b/,
  ];
  const wrong = files
    .filter(({ name }) => name.startsWith('src/') && !name.startsWith('src/env/') && !isTest(name))
    .flatMap(({ name, text }) => banned.filter((pattern) => pattern.test(withoutComments(text))).map((pattern) => `${name}: ${pattern.source}`));
  expect(wrong).toEqual([]);
});

test('nothing outside src/env and server looks at the process that it runs in', () => {
  // Programs of the simulated kernel call the simulated process they run in by that name too: those folders look at members that only Node's has.
  const simulated = /^src\/(?:shell|runtime)\//;
  const node = /\bprocess\.(?:nextTick|hrtime|stdout|stdin|stderr|platform|version|versions|cwd\(|memoryUsage|cpuUsage|on\()/;
  const wrong = files
    .filter(({ name }) => name.startsWith('src/') && !name.startsWith('src/env/') && !isTest(name))
    .filter(({ name, text }) => (simulated.test(name) ? node : /\bprocess\.\w/).test(withoutComments(text)))
    .map(({ name }) => name);
  expect(wrong).toEqual([]);
});

test('src opens no socket, starts no process and reads no file of the machine', () => {
  const banned = /^node:(?:net|http|https|http2|tls|dgram|dns|fs|child_process|worker_threads|os|cluster)(?:\/|$)|^(?:express|ws)$/;
  const wrong = files
    .filter(({ name }) => name.startsWith('src/') && !isTest(name))
    .flatMap(({ name, text }) =>
      imports(text)
        .filter((from) => banned.test(from))
        .map((from) => `${name} imports ${from}`),
    );
  expect(wrong).toEqual([]);
});

test('every folder of src has an index and a short README', () => {
  const layers = readdirSync(join(root, 'src'));
  const missing = layers.flatMap((layer) =>
    ['index.ts', 'README.md'].filter((file) => !readdirSync(join(root, 'src', layer)).includes(file)).map((file) => `src/${layer}/${file}`),
  );
  expect(missing).toEqual([]);
});

test('the table in docs/architecture.md names every layer', () => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  expect(Object.keys(below).filter((layer) => !text.includes(layer))).toEqual([]);
  expect(readdirSync(join(root, 'src')).filter((layer) => !(layer in below))).toEqual([]);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}
