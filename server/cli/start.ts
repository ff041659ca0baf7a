import type { Command } from 'commander';
import { Option } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { MergedKubeconfig } from '../kubeconfig.ts';
import { contextName, mergeKubeconfig, restoreKubeconfig } from '../kubeconfig.ts';
import type { CliDeps, RunningServer, StopSignal } from './context.ts';
import type { ClusterFlags } from './options.ts';
import { addClusterOptions, startOptions } from './options.ts';
import { coloursFor, printJson } from './output.ts';
import { assertNameFree, removeState, writeOwnKubeconfig, writeState } from './state.ts';

interface StartFlags extends ClusterFlags {
  readonly merge: boolean;
  readonly kubeconfig?: string;
  readonly output?: 'json';
}

const examples = `
Examples:
  paperkube                               start a cluster; Ctrl-C stops it and puts your kubectl context back
  paperkube start --nodes 1 --port 0      one node, on any free port
  paperkube start --clock manual          time stands still until: paperkube clock advance 30s
  paperkube start --components api        an API server alone, as client tests want it
  paperkube start --no-merge --name ci    leave ~/.kube/config alone; then: paperkube kubeconfig --name ci > ci.yaml
  paperkube start --dns-port 1053         then: dig @127.0.0.1 -p 1053 kubernetes.default.svc.cluster.local`;

/** A stop that takes longer than this is cut short. */
const stopMsMax = 1_000;

/** `paperkube start`: serves in the foreground until a signal or the control API ends it. */
export function addStartCommand(program: Command, deps: CliDeps, done: (code: number) => void): void {
  const command = program.command('start', { isDefault: true }).description('start a cluster in the foreground');
  addClusterOptions(command)
    .option('--no-merge', 'do not touch the kubeconfig')
    .option('--kubeconfig <file>', 'merge into this file instead of the one kubectl uses')
    .addOption(new Option('-o, --output <format>', 'events as one JSON object per line').choices(['json']))
    .addHelpText('after', examples)
    .action(async (flags: StartFlags) => done(await start(flags, deps)));
}

async function start(flags: StartFlags, deps: CliDeps): Promise<number> {
  const options = startOptions(flags, { name: 'default' });
  await assertNameFree(deps.env, options.name);
  const stopped = waitForSignal(deps);
  const running = await deps.startServer(options);
  let merged: MergedKubeconfig | undefined;
  const giveBack = () => {
    if (merged) restoreQuietly(running, merged, deps);
    merged = undefined;
    removeState(deps.env, running.name, process.pid);
  };
  const forgetExit = deps.onExit(giveBack); // A crash must not leave kubectl pointing at nothing.
  try {
    const early = await Promise.race([stopped.signal, undefined]);
    if (early) return exitCodeOf(early); // Who has changed their mind by now is not told that it is ready.
    if (flags.merge && deps.env.PAPERKUBE_MERGE_KUBECONFIG !== 'false') merged = mergeKubeconfig(running.kubeconfig, flags.kubeconfig, deps.env);
    writeState(deps.env, { ...stateOf(running), merged });
    const kubeconfig = merged?.path ?? writeOwnKubeconfig(deps.env, running.name, running.kubeconfigText);
    announce(running, { merged, kubeconfig }, flags, deps);
    const signal = await Promise.race([stopped.signal, running.shutdownRequested.then(() => undefined)]);
    return signal ? exitCodeOf(signal) : exitCodes.ok;
  } finally {
    // The user's file first: whatever becomes of the server, kubectl must not point at it any more.
    giveBack();
    forgetExit();
    await withinLimit(running.stop());
    stopped.forget();
    if (flags.output === 'json') printJson(deps.stdout, { event: 'stopped', name: running.name });
  }
}

function stateOf(running: RunningServer) {
  const { name, server, controlUrl, controlToken, dnsPort, version } = running;
  return { name, pid: process.pid, server, controlUrl, controlToken, certificateAuthority: running.kubeconfig.certificateAuthority, dnsPort, version };
}

function restoreQuietly(running: RunningServer, merged: MergedKubeconfig, deps: CliDeps): void {
  try {
    restoreKubeconfig(running.name, merged);
  } catch (error) {
    deps.stderr.write(`warning: ${merged.path} still holds the context ${merged.context}: ${(error as Error).message}\n`);
  }
}

function exitCodeOf(signal: StopSignal): number {
  return signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
}

/** The first signal begins to stop; a second one ends the process at once. */
export function waitForSignal(deps: CliDeps): { readonly signal: Promise<StopSignal>; readonly forget: () => void } {
  let forget = () => {};
  let count = 0;
  const signal = new Promise<StopSignal>((resolve) => {
    forget = deps.onSignal((one) => {
      count += 1;
      if (count > 1) deps.exit(exitCodeOf(one));
      resolve(one);
    });
  });
  return { signal, forget };
}

export async function withinLimit(stopping: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, stopMsMax);
  });
  await Promise.race([stopping, limit]).finally(() => clearTimeout(timer));
}

interface Access {
  readonly merged: MergedKubeconfig | undefined;
  /** The file to use: the user's, or one of the cluster's own. */
  readonly kubeconfig: string;
}

/** At most six lines, the last one `Ready.` for those who wait for a line in the log. */
function announce(running: RunningServer, access: Access, flags: StartFlags, deps: CliDeps): void {
  if (flags.output === 'json') {
    for (const message of running.warnings) printJson(deps.stdout, { event: 'warning', message });
    printJson(deps.stdout, readyEvent(running, access));
    return;
  }
  const { bold, dim, green } = coloursFor(deps.stdout, deps.env);
  if (!flags.quiet) for (const message of running.warnings) deps.stderr.write(`note: ${message}\n`);
  const nodes = running.nodes.length === 1 ? '1 node' : `${running.nodes.length || 'no'} nodes`;
  const words = running.nodes.length === 0 ? 'get namespaces' : 'get nodes';
  const { merged, kubeconfig } = access;
  const before = merged?.previousContext ? dim(` (was ${merged.previousContext})`) : '';
  const lines = [
    `${bold('paperkube')} ${running.version}: Kubernetes ${running.kubernetesVersion}, ${nodes}, ${Math.round(running.readyMs)} ms`,
    `  API      ${running.server}`,
    ...(running.dnsPort === undefined ? [] : [`  DNS      dig @127.0.0.1 -p ${running.dnsPort} kubernetes.default.svc.cluster.local`]),
    merged ? `  Context  ${merged.context}${before} in ${merged.path}` : `  Config   ${kubeconfig}`,
    merged ? `  Try      kubectl ${words}` : `  Try      kubectl --kubeconfig ${quoted(kubeconfig)} ${words}`,
    green('Ready.'),
  ];
  deps.stdout.write(`${lines.join('\n')}\n`);
}

/** As a shell wants it. */
function quoted(path: string): string {
  return /^[\w./:\\~-]+$/.test(path) ? path : `"${path}"`;
}

function readyEvent(running: RunningServer, { kubeconfig }: Access) {
  return {
    event: 'ready',
    name: running.name,
    server: running.server,
    kubeconfig,
    context: contextName(running.name),
    control: running.controlUrl,
    pid: process.pid,
    version: running.version,
    kubernetesVersion: running.kubernetesVersion,
    readyMs: Math.round(running.readyMs),
    ...(running.dnsPort === undefined ? {} : { dnsPort: running.dnsPort }),
  };
}
