import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

export interface Kubectl {
  readonly path: string;
  /** `1.33` */
  readonly version: string;
}

/**
 * Every kubectl on this machine, oldest first, one per minor version: those named by PAPERKUBE_KUBECTL (separated as PATH is),
 * else the one on PATH and those that lie beside it as `kubectl.1.27`.
 */
export function findKubectls(): Kubectl[] {
  const named = process.env.PAPERKUBE_KUBECTL;
  const paths = named ? named.split(delimiter).filter(Boolean) : besides(onPath('kubectl'));
  const byVersion = new Map<string, Kubectl>();
  for (const path of paths) {
    const version = versionOf(path);
    if (version && !byVersion.has(version)) byVersion.set(version, { path, version });
  }
  return [...byVersion.values()].sort((a, b) => minor(a) - minor(b));
}

/**
 * Those that .ci/run has fetched because they are too old to be found beside others (kubectl 1.20 speaks SPDY alone); for checks of streams.
 * Their outputs are nobody's golden texts.
 */
export function fetchedKubectls(): Kubectl[] {
  if (process.env.PAPERKUBE_KUBECTL) return [];
  const folder = join(import.meta.dirname, '../../.cache/kubectl');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((name) => {
    const path = join(folder, name);
    const version = isExecutable(path) ? versionOf(path) : undefined;
    return version ? [{ path, version }] : [];
  });
}

/** Whether a kubectl is that of a minor version of Kubernetes, or a newer one. */
export function isAtLeast({ version }: Kubectl, wanted: `1.${number}`): boolean {
  return minor({ version }) >= minor({ version: wanted });
}

/** The oldest and the newest; one entry where there is only one. With CI=true, none at all is an error. */
export function oldestAndNewest(): Kubectl[] {
  const all = findKubectls();
  if (all.length === 0 && process.env.CI === 'true') throw new Error('No kubectl found: put one on PATH or name it in PAPERKUBE_KUBECTL.');
  return all.length > 1 ? [all[0] as Kubectl, all.at(-1) as Kubectl] : all;
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (isExecutable(path)) return path;
  }
  return undefined;
}

function besides(path: string | undefined): string[] {
  if (!path) return [];
  const folder = dirname(realpathSync(path));
  const siblings = readdirSync(folder).filter((name) => /^kubectl\.1\.\d+$/.test(name));
  return [...siblings.map((name) => join(folder, name)), path];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function versionOf(path: string): string | undefined {
  const named = /^kubectl\.(1\.\d+)$/.exec(basename(path));
  if (named) return named[1];
  try {
    const text = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /"gitVersion": "v(1\.\d+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function minor({ version }: Pick<Kubectl, 'version'>): number {
  return Number(version.split('.')[1]);
}
