/** The entry of the process: the command line, with the real world put in place. */
import { createCli, createProcessDeps } from './cli/index.ts';
import { restrainHeap } from './heap.ts';
import { kubernetesVersion, paperkubeVersion } from './versions.ts';

const cli = createCli(
  createProcessDeps({
    version: paperkubeVersion,
    kubernetesVersion,
    // Loaded on use: `paperkube version` and `paperkube clock` have no need of a cluster.
    startServer: async (options) => {
      restrainHeap();
      return (await import('./start-server.ts')).startServer(options);
    },
  }),
);
void cli.run(process.argv.slice(2)).then((code) => process.exit(code));
