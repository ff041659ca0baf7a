import type { Command } from 'commander';
import { Option } from 'commander';
import type { CliDeps } from './context.ts';
import { printJson } from './output.ts';

/** `paperkube version`. */
export function addVersionCommand(program: Command, deps: CliDeps): void {
  program
    .command('version')
    .description('print the version')
    .addOption(new Option('-o, --output <format>', 'print JSON').choices(['json']))
    .action((flags: { output?: 'json' }) => {
      const { version, kubernetesVersion } = deps;
      if (flags.output === 'json') printJson(deps.stdout, { version, kubernetesVersion, node: process.versions.node });
      else deps.stdout.write(`paperkube ${version} (Kubernetes ${kubernetesVersion}, Node.js ${process.versions.node})\n`);
    });
}
