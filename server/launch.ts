/**
 * What `dist/main.js` is: it starts the program beside it (server/main.ts as one script) with the code that V8 has compiled of it
 * before, which saves a third of a start's processor time. The first run leaves that code in a file; another version of Node.js,
 * or of the program, has a file of its own. Without a file, or a folder to write it into, the program starts as any other does.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';

/** A digest of the program, set by the build. V8 itself compares no more than lengths. */
declare const PAPERKUBE_PROGRAM_DIGEST: string;

const folder = dirname(fileURLToPath(import.meta.url));
const program = join(folder, 'program.cjs');
const cacheFile = join(folder, `program-${PAPERKUBE_PROGRAM_DIGEST}-${process.versions.v8}.cache`);

const cachedData = readCache();
const script = new Script(Module.wrap(readFileSync(program, 'latin1')), {
  filename: program,
  ...(cachedData ? { cachedData } : {}),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
// What has started a cluster has compiled what a start needs. Flags of V8 make other code, which nobody wants to keep.
const startsCluster = ['start', 'run', undefined].includes(process.argv[2]);
if ((!cachedData || script.cachedDataRejected) && startsCluster && process.execArgv.length === 0) process.on('exit', writeCache);

const exported = { exports: {} };
script.runInThisContext()(exported.exports, createRequire(program), exported, program, folder);

function readCache(): Buffer | undefined {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

/** In one step, since others may start meanwhile. */
function writeCache(): void {
  const draft = `${cacheFile}.${process.pid}`;
  try {
    writeFileSync(draft, script.createCachedData());
    renameSync(draft, cacheFile);
  } catch {
    rmSync(draft, { force: true });
  }
}
