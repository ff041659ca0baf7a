/** The entry of the process: the command line, with the real world put in place. */
import { createCli, createProcessDeps } from './cli/index.ts';
import { restrainHeap } from './heap.ts';
import { endStartInTime } from './start-flags.ts';
import { kubernetesVersion, paperkubeVersion } from './versions.ts';

const cli = createCli(
  createProcessDeps({
    version: paperkubeVersion,
    kubernetesVersion,
    // Loaded on use: `paperkube version` and `paperkube clock` have no need of a cluster.
    startServer: (options) => {
      restrainHeap();
      const starting = import('./start-server.ts').then(({ startServer }) => startServer(options));
      endStartInTime(starting);
      return starting;
    },
  }),
);
void cli.run(process.argv.slice(2)).then((code) => process.exit(code));
