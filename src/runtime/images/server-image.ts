/** Images that are one small server and little else. */
import { nslookup } from '../../shell/applets/index.ts';
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import { createImageLayer } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageConfig } from '../types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { busyboxLayer, debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import type { HttpAnswer, HttpRequest } from './http-server.ts';
import { plainHandler, startHttpServer, untilGoEnds } from './http-server.ts';

export interface ServerImage {
  readonly repository: string;
  readonly versions: readonly string[];
  readonly sizeMebibytes: number;
  readonly config: ImageConfig;
  /** Path of the program. */
  readonly path: string;
  readonly program: (version: string) => Program;
  /** What is beside its program; by default nothing, not even a shell. */
  readonly around?: 'busybox' | 'debian';
  readonly files?: readonly (readonly [string, ImageEntry])[];
  readonly endings?: readonly string[];
}

/** The image, and the same one under further names. */
export function serverImage(one: ServerImage, shell: ShellMaker, aliases: readonly string[] = []): ImageDefinition[] {
  const layer = remember((version) => {
    const entries: [string, ImageEntry][] = [
      ...(one.files ?? []).map(([path, entry]): [string, ImageEntry] => [path, entry]),
      [one.path, { program: one.program(version), mode: 0o755 }],
    ];
    if (one.around === 'busybox') return busyboxLayer(shell, [['/bin/nslookup', { program: nslookup('busybox-big'), mode: 0o755 }], ...entries]);
    if (one.around === 'debian') return debianLayer(shell, entries, { programs: ['ps', 'kill', 'curl'] });
    return createImageLayer([['/etc/passwd', { data: 'root:x:0:0:root:/root:/sbin/nologin\n' }], ['/tmp', { directory: true, mode: 0o1777 }], ...entries]);
  });
  const image: ImageDefinition = {
    repository: one.repository,
    versions: one.versions,
    versionOf: tagReader(one.versions, {}, one.endings ?? []),
    image: (version) => ({ sizeBytes: mebibytes(one.sizeMebibytes), config: one.config, layer: () => layer(version) }),
  };
  return [image, ...aliases.map((repository) => ({ ...image, repository }))];
}

/** A web server on a port, which ends as Go programs do; the answer to a taken port is Go's. */
export function* goServer(process: Process, port: number, answer: (request: HttpRequest, process: Process) => HttpAnswer, banner: string): Syscall<number> {
  try {
    startHttpServer(process, port, plainHandler(answer));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    yield* process.write(2, `listen tcp :${port}: bind: address already in use\n`);
    return 1;
  }
  if (banner) yield* process.write(2, banner);
  return yield* untilGoEnds(process);
}

/** As Go's log package begins its lines. */
export const goStamp = (process: Process) => formatDate('%Y/%m/%d %T', process.system.now());
