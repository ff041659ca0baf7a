import { createImageLayer } from '../../shell/fs/index.ts';
import type { Program } from '../../shell/kernel/types.ts';
import type { ImageDefinition } from './definition.ts';
import { remember, tagReader } from './definition.ts';

/** Holds a pod's namespaces and reaps what is left; INT and TERM end it. */
const pauseProgram: Program = function* (process) {
  if (process.argv.includes('-v')) {
    yield* process.write(1, 'pause.c 3.10\n');
    return 0;
  }
  let code: number | undefined;
  const shutDown = (name: string, number: number) => () => {
    code = number;
    return name;
  };
  process.onSignal('INT', shutDown('INT', 130));
  process.onSignal('TERM', shutDown('TERM', 0));
  for (;;) {
    try {
      yield* process.sleep(Number.POSITIVE_INFINITY);
    } catch {
      if (code !== undefined) return code;
    }
  }
};

const versions = ['3.10', '3.9', '3.8', '3.7', '3.6', '3.5', '3.2', '3.1'];

export const pause: ImageDefinition = {
  repository: 'registry.k8s.io/pause',
  versions,
  versionOf: tagReader(versions),
  image: remember(() => {
    const layer = createImageLayer([['/pause', { program: pauseProgram, mode: 0o755 }]]);
    return { sizeBytes: 320_368, config: { entrypoint: ['/pause'], user: '65535:65535' }, layer: () => layer };
  }),
};
