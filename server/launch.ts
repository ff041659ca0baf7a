/**
 * What `dist/main.js` is: it starts the program beside it (server/main.ts as one script) with the code that V8 has compiled of it
 * before, which saves a third of a start's processor time. The first run leaves that code in a file; another version of Node.js,
 * or of the program, has a file of its own. Without a file, or a folder to write it into, the program starts as any other does.
 *
 * An API server alone runs little more than half of that code, so it has a file of its own, which commands that start nothing read
 * too: reading code costs even if it does not run.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { constants, Script } from 'node:vm';
import { releaseHeap } from './heap.ts';
import { beginStart } from './start-flags.ts';

/** A digest of the program, set by the build. V8 itself compares no more than lengths. */
declare const PAPERKUBE_PROGRAM_DIGEST: string;

const folder = __dirname;
const program = join(folder, 'program.cjs');
const words = process.argv.slice(2);
const [command = 'start'] = words;
const startsCluster = command === 'start' || command === 'run';
const apiAlone = words.some((word, index) => word === '--components=api' || (word === '--components' && words[index + 1] === 'api'));
const whatRuns = (startsCluster || command.startsWith('-')) && !apiAlone ? 'all' : 'api';
const cacheFile = join(folder, `program-${whatRuns}-${PAPERKUBE_PROGRAM_DIGEST}-${process.versions.v8}.cache`);

beginStart(); // Before the script is made, since its code fits only the flags that it was compiled with; server/main.ts ends it.
const script = readProgram();

// The build has put the program into the function that makes a CommonJS module of it: done here, that would be another copy.
const exported = { exports: {} };
script.runInThisContext()(exported.exports, createRequire(program), exported, program, folder);

/** Nothing of what was read stays referenced, which is 7 MB. */
function readProgram(): Script {
  const cachedData = readCache();
  const read = new Script(readFileSync(program, 'latin1'), {
    filename: program,
    ...(cachedData ? { cachedData } : {}),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // What has started a cluster has compiled what a start needs. Flags of V8 make other code, which nobody wants to keep.
  if ((!cachedData || read.cachedDataRejected) && startsCluster && process.execArgv.length === 0) process.on('exit', writeCache);
  return read;
}

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
    // With the flags that it will be read with.
    releaseHeap();
    beginStart();
    writeFileSync(draft, script.createCachedData());
    renameSync(draft, cacheFile);
  } catch {
    rmSync(draft, { force: true });
  }
}
