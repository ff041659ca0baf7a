import type { Command } from 'commander';
import { Option } from 'commander';
import type { CliDeps } from './context.ts';
import { callControl } from './control-client.ts';
import { addNameOption } from './options.ts';
import { table } from './output.ts';
import { findCluster } from './state.ts';

interface NodeFlags {
  readonly name?: string;
  readonly output?: 'json';
}

interface ShownNode {
  readonly name: string;
  readonly address: string;
  readonly state: 'running' | 'silent' | 'down';
}

const examples = `
Examples:
  paperkube node                                   which nodes there are, and how they are
  paperkube node stop default-worker               its kubelet falls silent; containers go on, nobody reports on them
  paperkube node stop default-worker --power-off   the machine goes down, with all that runs on it
  paperkube node start default-worker              it comes back and catches up`;

/** `paperkube node ...`: nodes of a running cluster that fall silent and come back. */
export function addNodeCommand(program: Command, deps: CliDeps): void {
  const node = program.command('node').description('stop and start the nodes of a running cluster').addHelpText('after', examples);
  const add = (words: string, description: string, isDefault = false) =>
    addNameOption(node.command(words, { isDefault }).description(description)).addOption(new Option('-o, --output <format>', 'print JSON').choices(['json']));
  add('status', 'list the nodes and how they are', true).action(async (flags: NodeFlags) => {
    const text = await callControl(findCluster(deps.env, flags.name), 'GET', '/nodes');
    print(deps, flags, text, (JSON.parse(text) as { nodes: ShownNode[] }).nodes);
  });
  add('stop', 'end the kubelet of a node, or its whole machine')
    .argument('<node>', 'as kubectl get nodes names it')
    .option('--power-off', 'the machine goes down, with all that runs on it')
    .action((name: string, flags: NodeFlags & { powerOff?: boolean }) => change(deps, flags, name, 'stop', { pods: flags.powerOff ? 'kill' : 'keep' }));
  add('start', 'let a stopped node come back')
    .argument('<node>', 'as kubectl get nodes names it')
    .action((name: string, flags: NodeFlags) => change(deps, flags, name, 'start', {}));
}

async function change(deps: CliDeps, flags: NodeFlags, node: string, action: string, body: object): Promise<void> {
  const text = await callControl(findCluster(deps.env, flags.name), 'POST', `/nodes/${encodeURIComponent(node)}/${action}`, body);
  print(deps, flags, text, [JSON.parse(text) as ShownNode]);
}

function print(deps: CliDeps, { output }: NodeFlags, text: string, nodes: readonly ShownNode[]): void {
  if (output === 'json') deps.stdout.write(`${text.trim()}\n`);
  else deps.stdout.write(table([['NODE', 'ADDRESS', 'STATE'], ...nodes.map(({ name, address, state }) => [name, address, state])]));
}
