import type { Command } from 'commander';
import { Option } from 'commander';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { CliDeps } from './context.ts';
import { callControl } from './control-client.ts';
import { addNameOption } from './options.ts';
import { columns, printJson } from './output.ts';
import { answers, type ClusterState, findCluster, readState, runningClusters } from './state.ts';

const stopWaitMs = 5_000;
const stopPollMs = 20;

/** `paperkube status`: which cluster runs where. Exit code 3 if none does. */
export function addStatusCommand(program: Command, deps: CliDeps): void {
  addNameOption(program.command('status').description('tell whether a cluster is running, and where'))
    .addOption(new Option('-o, --output <format>', 'print JSON').choices(['json']))
    .action(async (flags: { name?: string; output?: 'json' }) => {
      const state = findCluster(deps.env, flags.name);
      const health = JSON.parse(await callControl(state, 'GET', '/health')) as { status: string };
      const { name, pid, server, controlUrl, dnsPort, version } = state;
      if (flags.output === 'json') printJson(deps.stdout, { name, status: health.status, pid, server, control: controlUrl, dnsPort, version });
      else
        deps.stdout.write(
          columns([
            ['Cluster', name],
            ['Status', health.status],
            ['API', server],
            ['Process', String(pid)],
            ['Version', version],
          ]),
        );
    });
}

/** `paperkube stop`: ends a running cluster and waits for it. Stopping what is not running is no error. */
export function addStopCommand(program: Command, deps: CliDeps): void {
  addNameOption(program.command('stop').description('stop a running cluster')).action(async (flags: { name?: string }) => {
    const running = runningClusters(deps.env);
    const name = flags.name ?? (running.length === 1 ? running[0] : 'default') ?? 'default';
    const state = readState(deps.env, name);
    if (!state) {
      deps.stderr.write(`no cluster named "${name}" is running\n`);
      return;
    }
    await callControl(state, 'POST', '/shutdown');
    for (let waitedMs = 0; await isThere(state, deps); waitedMs += stopPollMs) {
      if (waitedMs >= stopWaitMs)
        throw new CliError(exitCodes.waitTimedOut, 'STOP_TIMED_OUT', `cluster "${name}" (process ${state.pid}) has not stopped after 5 s`);
      await new Promise((resolve) => setTimeout(resolve, stopPollMs));
    }
    deps.stderr.write(`stopped "${name}"\n`);
  });
}

/** Its file goes first, its port last: only then may another cluster take its place. */
async function isThere(state: ClusterState, deps: CliDeps): Promise<boolean> {
  return readState(deps.env, state.name)?.pid === state.pid || answers(state);
}
