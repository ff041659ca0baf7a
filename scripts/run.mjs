#!/usr/bin/env node
/**
 * What `npm start`, `npm test`, `npm run bench` and their like do on a fresh clone: install and build what is missing, then go on.
 * Plain JavaScript without dependencies, since it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [command = 'start', ...rest] = process.argv.slice(2);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(`paperkube needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

install();
await build();
if (command === 'start') await start();
else if (command === 'test') run('vitest/vitest.mjs', ['run', ...rest]);
else if (command === 'transcripts') run('vitest/vitest.mjs', ['run', 'test/transcripts', 'test/tutorials', ...rest], { PAPERKUBE_RECORD: '1' });
else if (command === 'docs') run('vitest/vitest.mjs', ['run', 'src/registry/coverage.test.ts'], { PAPERKUBE_WRITE_DOCS: '1' });
else if (command === 'fuzz') fuzz();
else if (command === 'bench') await bundled('bench/main.ts');
else if (command === 'compare') await bundled('bench/compare/main.ts');
else if (command !== 'build') {
  say(`unknown command "${command}": use start, build, test, transcripts, docs or bench`);
  process.exit(2);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Installs if node_modules is absent or older than the lockfile. */
function install() {
  const marker = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  if (existsSync(marker) && sameLock(marker, lock)) return;
  say('Installing dependencies (npm ci), about 20 seconds the first time ...');
  const npm = process.env.npm_execpath;
  const done = npm
    ? spawnSync(process.execPath, [npm, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (done.status !== 0) {
    say('npm ci failed: see above. Check the network and the npm registry, then run the command again.');
    process.exit(1);
  }
}

/** Whether every installed package is the one that the lockfile names: a checkout touches dates without changing anything. */
function sameLock(marker, lock) {
  try {
    const installed = JSON.parse(readFileSync(marker, 'utf8')).packages;
    const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
    return Object.entries(wanted).every(([path, one]) => path === '' || one.optional || installed[path]?.version === one.version);
  } catch {
    return false;
  }
}

/** Builds the schema (generated/) and the program (dist/) if a source is newer than the last build. */
async function build() {
  const { build: bundle } = await import(pathToFileURL(join(root, 'node_modules/esbuild/lib/main.js')).href);
  const schemaStamp = join(root, 'generated/.stamp');
  if (command === 'build' || newest([join(root, 'openapi'), join(root, 'package-lock.json')]) > stamp(schemaStamp)) {
    say('Building the API schema ...');
    mkdirSync(join(root, 'generated'), { recursive: true });
    const script = join(root, 'generated/build.mjs');
    await bundle({
      entryPoints: [join(root, 'openapi/build.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: script,
      packages: 'external',
      logLevel: 'error',
    });
    const done = spawnSync(process.execPath, [script], { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, PAPERKUBE_ROOT: root } });
    rmSync(script, { force: true });
    if (done.status !== 0) process.exit(1);
    writeFileSync(schemaStamp, '');
  }
  const programStamp = join(root, 'dist/.stamp');
  if (!existsSync(join(root, 'server/main.ts'))) return;
  if (command !== 'build' && newest([join(root, 'src'), join(root, 'server'), schemaStamp, join(root, 'package-lock.json')]) <= stamp(programStamp)) return;
  say('Building paperkube ...');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const importMetaUrl = "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;";
  // The program is one script that server/launch.ts runs with V8's compiled code of it; dist/main.js is that launcher.
  const program = join(root, 'dist/program.cjs');
  const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'error', sourcemap: true, minifySyntax: true, minifyWhitespace: true };
  await bundle({
    ...common,
    entryPoints: [join(root, 'server/main.ts')],
    format: 'cjs',
    outfile: program,
    define: { PAPERKUBE_VERSION: JSON.stringify(version), 'import.meta.url': 'importMetaUrl' },
    // Express loads these for functions that nobody here calls; they would be a fifth of the program.
    alias: { 'body-parser': join(root, 'scripts/bundled/body-parser.cjs'), 'mime-db': join(root, 'scripts/bundled/mime-db.json') },
    // What Module.wrap would add at each start.
    banner: { js: `(function (exports, require, module, __filename, __dirname) { ${importMetaUrl}` },
    footer: { js: '})' },
  });
  const digest = createHash('sha256').update(readFileSync(program)).digest('hex').slice(0, 12);
  await bundle({
    ...common,
    entryPoints: [join(root, 'server/launch.ts')],
    format: 'cjs',
    outfile: join(root, 'dist/main.js'),
    banner: { js: '#!/usr/bin/env node' },
    define: { PAPERKUBE_PROGRAM_DIGEST: JSON.stringify(digest) },
  });
  writeFileSync(join(root, 'dist/package.json'), '{ "type": "commonjs" }\n'); // Node.js starts these 5 ms sooner than ES modules.
  warmUp();
  writeFileSync(programStamp, '');
}

/** First runs leave the compiled code for those that follow. It is no error if they cannot. */
function warmUp() {
  const home = mkdtempSync(join(tmpdir(), 'paperkube-build-'));
  const env = { ...process.env, HOME: home, PAPERKUBE_HOME: home };
  for (const parts of [[], ['--components', 'api']]) {
    const words = ['run', '--quiet', '--name', 'build', ...parts, '--', process.execPath, '-e', ''];
    spawnSync(process.execPath, [join(root, 'dist/main.js'), ...words], { env, stdio: 'ignore', timeout: 30_000 });
  }
  rmSync(home, { recursive: true, force: true });
}

function stamp(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const stat = statSync(path);
    if (stat.isDirectory()) latest = Math.max(latest, newest(readdirSync(path).map((name) => join(path, name))));
    else if (!path.endsWith('.test.ts')) latest = Math.max(latest, stat.mtimeMs);
  }
  return latest;
}

/** Goes on in this process, so that signals and exit codes are the program's own. */
async function start() {
  // What was installed and built before is not part of how long the start takes.
  performance.mark('paperkube start');
  process.argv.splice(1, 2, join(root, 'dist/main.js'), 'start');
  await import(pathToFileURL(join(root, 'dist/main.js')).href);
}

/** Builds a program of its own and runs it with the arguments given. */
async function bundled(entry) {
  const { build: bundle } = await import(pathToFileURL(join(root, 'node_modules/esbuild/lib/main.js')).href);
  const script = join(root, 'dist', `${entry.replaceAll('/', '-').replace('.ts', '')}.mjs`);
  await bundle({
    entryPoints: [join(root, entry)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
    packages: 'external',
    logLevel: 'error',
  });
  const done = spawnSync(process.execPath, [script, ...rest], { cwd: root, stdio: 'inherit', env: { ...process.env, PAPERKUBE_ROOT: root } });
  process.exit(done.status ?? 1);
}

/** `npm run fuzz [-- --seconds N] [--seed N]`: the fuzz tests for as long as wanted, a minute by default, from a seed of the day. */
function fuzz() {
  const option = (name, otherwise) => {
    const at = rest.indexOf(`--${name}`);
    return String(at < 0 ? otherwise : rest[at + 1]);
  };
  const seed = option('seed', Math.floor(Date.now() / 1000) % 2_000_000_000);
  say(`seed ${seed}`);
  run('vitest/vitest.mjs', ['run', 'test/fuzz'], { PAPERKUBE_FUZZ_SECONDS: option('seconds', 60), PAPERKUBE_FUZZ_SEED: seed });
}

function run(script, args, env = {}) {
  const done = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  process.exit(done.status ?? 1);
}
