import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { CORE_SCHEMA, dump, load } from 'js-yaml';
import { CliError, exitCodes } from './exit-codes.ts';

export interface KubeconfigOptions {
  /** The cluster's name; context, cluster and user are `paperkube-NAME`. */
  readonly name: string;
  readonly server: string;
  /** PEM; absent for plain HTTP. */
  readonly certificateAuthority?: string;
  readonly client?: { readonly certificate: string; readonly key: string };
  readonly token?: string;
}

interface Named {
  name?: unknown;
  [field: string]: unknown;
}

interface Kubeconfig {
  'current-context'?: unknown;
  [field: string]: unknown;
}

/** What a merge did, and what a later `restoreKubeconfig` needs to undo it. */
export interface MergedKubeconfig {
  readonly path: string;
  readonly context: string;
  /** Current before the merge; absent if there was none, or it was ours already. */
  readonly previousContext: string | undefined;
  /** The file was not there before. */
  readonly created: boolean;
}

const lists = ['clusters', 'contexts', 'users'] as const;
const lockAttempts = 20;
const lockPauseMs = 50;

export function contextName(name: string): string {
  return `paperkube-${name}`;
}

/** A kubeconfig of its own for one cluster, as YAML. `apiVersion` and `kind` are always there: client-node insists on them. */
export function renderKubeconfig(options: KubeconfigOptions): string {
  return toYaml(buildKubeconfig(options));
}

function buildKubeconfig(options: KubeconfigOptions): Kubeconfig & Record<(typeof lists)[number], Named[]> {
  const own = contextName(options.name);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const { certificateAuthority: ca, client, token } = options;
  return {
    apiVersion: 'v1',
    clusters: [{ cluster: { ...(ca ? { 'certificate-authority-data': base64(ca) } : {}), server: options.server }, name: own }],
    contexts: [{ context: { cluster: own, user: own }, name: own }],
    'current-context': own,
    kind: 'Config',
    users: [
      {
        name: own,
        user: {
          ...(client ? { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) } : {}),
          ...(token ? { token } : {}),
        },
      },
    ],
  };
}

export interface KubeconfigEnvironment {
  /** The variable KUBECONFIG. */
  readonly KUBECONFIG?: string | undefined;
  /** The user's home directory; the operating system's answer if absent. */
  readonly HOME?: string | undefined;
}

/** The files kubectl would read, in its order: the one named explicitly, those of KUBECONFIG, or ~/.kube/config. */
export function kubeconfigPaths(explicit: string | undefined, env: KubeconfigEnvironment): readonly string[] {
  if (explicit) return [explicit];
  const named = [...new Set((env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== ''))];
  return named.length > 0 ? named : [join(env.HOME || homedir(), '.kube', 'config')];
}

/** Where a new context goes: the first file that exists, else the last one of the list (kubectl's and kind's rule). */
export function kubeconfigPathForMerge(explicit: string | undefined, env: KubeconfigEnvironment): string {
  const paths = kubeconfigPaths(explicit, env);
  return paths.find((path) => existsSync(path)) ?? (paths[paths.length - 1] as string);
}

/**
 * Adds the cluster to the user's file and makes it current. Everything else in the file stays, in its order; comments are lost, as with
 * kubectl's own edits. A file that cannot be read as a kubeconfig is left alone: CliError, exit code 6.
 */
export function mergeKubeconfig(options: KubeconfigOptions, explicit: string | undefined, env: KubeconfigEnvironment): MergedKubeconfig {
  const path = kubeconfigPathForMerge(explicit, env);
  return withLock(path, () => {
    const created = !existsSync(path);
    const config = readKubeconfig(path);
    const ours = buildKubeconfig(options);
    const own = contextName(options.name);
    const before = config['current-context'];
    const merged: Kubeconfig = { ...config };
    for (const field of ['apiVersion', 'kind'] as const) merged[field] ??= ours[field];
    for (const list of lists) merged[list] = replaced(entries(config, list), ours[list][0] as Named);
    merged['current-context'] = own;
    writeAtomically(path, toYaml(inUsualOrder(merged)));
    return { path, context: own, previousContext: typeof before === 'string' && before !== '' && before !== own ? before : undefined, created };
  });
}

/**
 * Takes the cluster out again. If our context is still the current one, the one before comes back, unless it has gone meanwhile.
 * A file that we made and that holds nothing else is removed. Safe to call twice.
 */
export function restoreKubeconfig(name: string, merged: Pick<MergedKubeconfig, 'path' | 'previousContext' | 'created'>): void {
  if (!existsSync(merged.path)) return;
  withLock(merged.path, () => {
    const config = readKubeconfig(merged.path);
    const own = contextName(name);
    const next: Kubeconfig = { ...config };
    for (const list of lists) if (Array.isArray(config[list])) next[list] = entries(config, list).filter((one) => one.name !== own);
    if (config['current-context'] === own) {
      const back = entries(next, 'contexts').some((one) => one.name === merged.previousContext) ? merged.previousContext : '';
      next['current-context'] = back;
    }
    if (merged.created && lists.every((list) => entries(next, list).length === 0)) rmSync(merged.path, { force: true });
    else if (JSON.stringify(next) !== JSON.stringify(config)) writeAtomically(merged.path, toYaml(next));
  });
}

function readKubeconfig(path: string): Kubeconfig {
  if (!existsSync(path)) return {};
  let content: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    content = text.trim() === '' ? {} : load(text, { schema: CORE_SCHEMA });
  } catch (error) {
    throw unusable(path, error instanceof Error ? (error.message.split('\n')[0] as string) : String(error));
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) throw unusable(path, 'it holds no mapping');
  for (const list of lists) {
    const value = (content as Kubeconfig)[list];
    if (value !== undefined && value !== null && !Array.isArray(value)) throw unusable(path, `${list} is no list`);
    if (Array.isArray(value) && value.some((one) => typeof one !== 'object' || one === null))
      throw unusable(path, `${list} holds something that is no mapping`);
  }
  return content as Kubeconfig;
}

function unusable(path: string, why: string): CliError {
  return new CliError(
    exitCodes.invalidConfig,
    'KUBECONFIG_UNREADABLE',
    `cannot use the kubeconfig ${path}: ${why}`,
    'mend or move that file, or start with --no-merge; it was left as it is',
  );
}

function entries(config: Kubeconfig, list: (typeof lists)[number]): Named[] {
  const value = config[list];
  return Array.isArray(value) ? (value as Named[]) : [];
}

function replaced(all: readonly Named[], own: Named): Named[] {
  const at = all.findIndex((one) => one.name === own.name);
  if (at < 0) return [...all, own];
  return all.flatMap((one, index) => (index === at ? [own] : one.name === own.name ? [] : [one]));
}

/** A file that we start from nothing gets client-go's order; fields that were there keep theirs. */
function inUsualOrder(config: Kubeconfig): Kubeconfig {
  const usual = ['apiVersion', 'clusters', 'contexts', 'current-context', 'kind', 'preferences', 'users'];
  const known = Object.keys(config).every((key) => usual.includes(key));
  return known ? Object.fromEntries(usual.filter((key) => key in config).map((key) => [key, config[key]])) : config;
}

function toYaml(config: Kubeconfig): string {
  return dump(config, { lineWidth: -1, noRefs: true });
}

/** Writes beside the file and renames, so that nobody reads half of it. A link is followed, and an existing file keeps its mode. */
function writeAtomically(path: string, text: string): void {
  const target = existsSync(path) ? realpathSync(path) : path;
  const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o600;
  const draft = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text, { mode, flag: 'wx' });
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** client-go's lock: a file beside the kubeconfig that exists while somebody writes. Waits up to a second for others. */
function withLock<T>(path: string, action: () => T): T {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const lock = `${path}.lock`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (attempt < lockAttempts) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lockPauseMs);
      else
        throw new CliError(
          exitCodes.failure,
          'KUBECONFIG_LOCKED',
          `the kubeconfig is locked: ${lock} exists`,
          'another program is writing it; if none is, delete the lock file',
        );
    }
  }
  try {
    return action();
  } finally {
    rmSync(lock, { force: true });
  }
}
