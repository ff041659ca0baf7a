import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CliError, exitCodes } from '../exit-codes.ts';
import { type MergedKubeconfig, restoreKubeconfig } from '../kubeconfig.ts';
import { callControl } from './control-client.ts';

/** What other commands need to find a running cluster: one file per cluster, readable by its owner only. */
export interface ClusterState {
  readonly name: string;
  readonly pid: number;
  readonly server: string;
  readonly controlUrl: string;
  readonly controlToken: string;
  /** PEM; absent for plain HTTP. */
  readonly certificateAuthority?: string | undefined;
  readonly dnsPort?: number | undefined;
  readonly version: string;
  /** What was put into the user's kubeconfig, so that it can be taken out again should the process not come to do so. */
  readonly merged?: MergedKubeconfig | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** PAPERKUBE_HOME, or paperkube in the system's directory for state (XDG; LOCALAPPDATA on Windows). */
export function stateDirectory(env: Environment): string {
  if (env.PAPERKUBE_HOME) return env.PAPERKUBE_HOME;
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, 'paperkube');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'paperkube');
  return join(env.HOME || homedir(), '.local', 'state', 'paperkube');
}

/** Fails with exit code 5 if a living cluster has the name. */
export async function assertNameFree(env: Environment, name: string): Promise<void> {
  const other = readState(env, name);
  if (!other) return;
  if (await answers(other)) {
    throw new CliError(
      exitCodes.inUse,
      'NAME_IN_USE',
      `a cluster named "${name}" is running already (process ${other.pid}, ${other.server})`,
      `choose another --name, or stop it: paperkube stop --name ${name}`,
    );
  }
  sweep(env, other);
}

/** Whether somebody listens there: the number of a process that died may belong to another one by now (in a container, mostly). */
export async function answers(state: ClusterState): Promise<boolean> {
  try {
    await callControl(state, 'GET', '/health');
    return true;
  } catch (error) {
    return !String(error).includes('ECONNREFUSED');
  }
}

export function writeState(env: Environment, state: ClusterState): void {
  writeOwn(env, stateFile(env, state.name), `${JSON.stringify(state, undefined, 2)}\n`);
}

/** Keeps the kubeconfig of a cluster beside its state, for programs that want a path; returns it. Goes with the state. */
export function writeOwnKubeconfig(env: Environment, name: string, text: string): string {
  const path = kubeconfigFile(env, name);
  writeOwn(env, path, text);
  return path;
}

/** Removes the files of a cluster, if they are that process's own. */
export function removeState(env: Environment, name: string, pid: number): void {
  if (parseState(stateFile(env, name))?.pid !== pid) return;
  rmSync(kubeconfigFile(env, name), { force: true });
  rmSync(stateFile(env, name), { force: true });
}

/** A running cluster's state; what a process that died has left behind is swept away. */
export function readState(env: Environment, name: string): ClusterState | undefined {
  const state = parseState(stateFile(env, name));
  if (!state) return undefined;
  if (isAlive(state.pid)) return state;
  sweep(env, state);
  return undefined;
}

/** Undoes what a process that was killed could not undo itself. */
function sweep(env: Environment, state: ClusterState): void {
  removeState(env, state.name, state.pid);
  try {
    if (state.merged) restoreKubeconfig(state.name, state.merged);
  } catch {
    // The user has changed the file beyond reading, or it is locked; kubectl says what is wrong with it.
  }
}

export function runningClusters(env: Environment): readonly string[] {
  let files: string[];
  try {
    files = readdirSync(stateDirectory(env));
  } catch {
    return [];
  }
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  return names.filter((name) => readState(env, name)).sort();
}

/** The cluster by that name, or the only one that runs. Fails with exit code 3. */
export function findCluster(env: Environment, name: string | undefined): ClusterState {
  const running = runningClusters(env);
  const chosen = name ?? (running.length === 1 ? running[0] : 'default');
  const state = chosen === undefined ? undefined : readState(env, chosen);
  if (state) return state;
  const hint = running.length > 0 ? `running: ${running.join(', ')}; choose one with --name` : 'start one: paperkube start';
  throw new CliError(exitCodes.noCluster, 'NO_CLUSTER', `no cluster named "${chosen}" is running`, hint);
}

function stateFile(env: Environment, name: string): string {
  return join(stateDirectory(env), `${name}.json`);
}

function kubeconfigFile(env: Environment, name: string): string {
  return join(stateDirectory(env), `${name}.kubeconfig`);
}

function writeOwn(env: Environment, path: string, text: string): void {
  mkdirSync(stateDirectory(env), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true }); // So that the mode below is the new file's.
  writeFileSync(path, text, { mode: 0o600 });
}

function parseState(path: string): ClusterState | undefined {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as Partial<ClusterState> | null;
    return state && typeof state.pid === 'number' && typeof state.controlUrl === 'string' ? (state as ClusterState) : undefined;
  } catch {
    return undefined; // Absent, or half written by a process that died.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
