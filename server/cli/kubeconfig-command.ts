import type { Command } from 'commander';
import type { CliDeps } from './context.ts';
import { callControl } from './control-client.ts';
import { addNameOption } from './options.ts';
import { findCluster } from './state.ts';

/** `paperkube kubeconfig`: prints the admin's kubeconfig of a running cluster. */
export function addKubeconfigCommand(program: Command, deps: CliDeps): void {
  addNameOption(program.command('kubeconfig').description('print the kubeconfig of a running cluster'))
    .addHelpText('after', '\nExamples:\n  paperkube kubeconfig > paperkube.yaml\n  KUBECONFIG=paperkube.yaml kubectl get nodes')
    .action(async (flags: { name?: string }) => {
      deps.stdout.write(await callControl(findCluster(deps.env, flags.name), 'GET', '/kubeconfig'));
    });
}
