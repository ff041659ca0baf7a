/** debian, ubuntu, tutum/dnsutils, curlimages/curl, polinux/stress and jessie-dnsutils: images that are programs and little else. */
import { dig, nslookup, pick } from '../../shell/applets/index.ts';
import { parseSize } from '../../shell/applets/lib/size.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import { programEntries } from '../../shell/fs/index.ts';
import type { Program } from '../../shell/kernel/types.ts';
import type { ImageConfig } from '../types.ts';
import type { ImageDefinition, MemoryService, ShellMaker } from './definition.ts';
import { busyboxLayer, debianLayer, mebibytes, remember, tagReader } from './definition.ts';

interface Small {
  readonly repository: string;
  readonly versions: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly sizeMebibytes: number;
  readonly config: ImageConfig;
  readonly files?: (shell: ShellMaker) => readonly (readonly [string, ImageEntry])[];
  readonly programs?: readonly string[];
  readonly release?: string;
}

const ubuntuRelease = (version: string) => `NAME="Ubuntu"\nVERSION_ID="${version}"\nPRETTY_NAME="Ubuntu ${version} LTS"\nID=ubuntu\n`;
const bindTools = (): [string, ImageEntry][] =>
  programEntries('/usr/bin', [
    ['nslookup', nslookup('bind')],
    ['dig', dig],
  ]);

const debianLike: readonly Small[] = [
  {
    repository: 'docker.io/library/debian',
    versions: ['12.11', '11.11', '10.13'],
    names: { bookworm: '12.11', stable: '12.11', bullseye: '11.11', buster: '10.13' },
    sizeMebibytes: 46,
    config: { command: ['bash'] },
  },
  {
    repository: 'docker.io/library/ubuntu',
    versions: ['24.04', '22.04', '20.04', '18.04', '16.04', '14.04'],
    names: { noble: '24.04', jammy: '22.04', focal: '20.04' },
    sizeMebibytes: 28,
    config: { command: ['/bin/bash'] },
    programs: ['ps', 'kill'],
    release: ubuntuRelease('24.04'),
  },
  {
    repository: 'docker.io/tutum/dnsutils',
    versions: ['latest'],
    sizeMebibytes: 62,
    config: { command: ['/bin/bash'] },
    programs: ['ps', 'kill', 'ping', 'host', 'time'],
    files: bindTools,
    release: ubuntuRelease('14.04'),
  },
  {
    repository: 'registry.k8s.io/e2e-test-images/jessie-dnsutils',
    versions: ['1.7', '1.3'],
    sizeMebibytes: 107,
    config: { command: ['/bin/sh', '-c', 'sleep infinity'] },
    programs: ['ps', 'kill', 'ping', 'host', 'curl'],
    files: bindTools,
  },
];

function debianImage(small: Small, shell: ShellMaker): ImageDefinition {
  const layer = remember(() =>
    debianLayer(shell, small.files?.(shell) ?? [], {
      ...(small.programs ? { programs: small.programs } : {}),
      ...(small.release ? { release: small.release } : {}),
    }),
  );
  return {
    repository: small.repository,
    versions: small.versions,
    versionOf: tagReader(small.versions, small.names ?? {}, ['slim']),
    image: () => ({ sizeBytes: mebibytes(small.sizeMebibytes), config: small.config, layer: () => layer('') }),
  };
}

function curlImage(shell: ShellMaker): ImageDefinition {
  const versions = ['8.14.1', '8.11.1', '8.10.1', '8.5.0', '7.88.1'];
  const layer = remember(() =>
    busyboxLayer(
      shell,
      [
        ...programEntries('/usr/bin', pick('gnu', ['curl'])),
        ['/bin/nslookup', { program: nslookup('busybox-big'), mode: 0o755 }],
        [
          '/entrypoint.sh',
          { data: '#!/bin/sh\nset -e\nif [ "$' + '{1#-}" != "$1" ] || [ -z "$(command -v "$1")" ]; then\n  set -- curl "$@"\nfi\nexec "$@"\n', mode: 0o755 },
        ],
      ],
      ['curl_user:x:100:101::/home/curl_user:/bin/sh'],
    ),
  );
  return {
    repository: 'docker.io/curlimages/curl',
    versions,
    versionOf: tagReader(versions),
    image: () => ({
      sizeBytes: mebibytes(9.6),
      config: { entrypoint: ['/entrypoint.sh'], command: ['curl'], user: 'curl_user', workingDir: '/home/curl_user' },
      layer: () => layer(''),
    }),
  };
}

/** stress: `--vm N --vm-bytes SIZE` takes memory; beyond the container's limit it is killed as the kernel would. */
const stress: Program = function* (process) {
  const value = (name: string) => process.argv[process.argv.indexOf(name) + 1];
  const workers = process.argv.includes('--vm') ? Number(value('--vm')) : 0;
  const bytes = workers * (parseSize(value('--vm-bytes') ?? '256M') ?? 0);
  const cpu = process.argv.includes('--cpu') ? Number(value('--cpu')) : 0;
  yield* process.write(1, `stress: info: [${process.pid}] dispatching hogs: ${cpu} cpu, 0 io, ${workers} vm, 0 hdd\n`);
  const memory = process.system.service<MemoryService>('memory');
  yield* process.sleep(200);
  memory?.take(process.pid, bytes);
  for (let i = 0; i < cpu; i++) {
    process.spawn({
      argv: ['stress'],
      *program(child) {
        for (;;) yield* child.step();
      },
    });
  }
  const timeout = process.argv.includes('--timeout') ? Number.parseInt(value('--timeout') ?? '0', 10) * 1000 : Number.POSITIVE_INFINITY;
  yield* process.sleep(timeout);
  return 0;
};

function stressImage(shell: ShellMaker): ImageDefinition {
  const layer = remember(() => busyboxLayer(shell, [['/usr/local/bin/stress', { program: stress, mode: 0o755 }]]));
  return {
    repository: 'docker.io/polinux/stress',
    versions: ['latest'],
    versionOf: tagReader(['latest']),
    image: () => ({ sizeBytes: mebibytes(4), config: { command: ['stress'] }, layer: () => layer('') }),
  };
}

export function smallImages(shell: ShellMaker): ImageDefinition[] {
  return [...debianLike.map((one) => debianImage(one, shell)), curlImage(shell), stressImage(shell)];
}
