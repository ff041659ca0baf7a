/** Distributions, tutum/dnsutils, curlimages/curl, netshoot, the two of stress and their like: images that are programs and little else. */
import { dig, nslookup, pick } from '../../shell/applets/index.ts';
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { parseSize } from '../../shell/applets/lib/size.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import { createImageLayer, programEntries } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import type { ImageConfig } from '../types.ts';
import type { ImageDefinition, MemoryService, ShellMaker } from './definition.ts';
import { busyboxLayer, debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { flagValue } from './http-server.ts';

interface Small {
  readonly repository: string;
  readonly versions: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly sizeMebibytes: number;
  readonly config: ImageConfig;
  readonly files?: (shell: ShellMaker) => readonly (readonly [string, ImageEntry])[];
  readonly programs?: readonly string[];
  readonly release?: string;
  readonly aliases?: readonly string[];
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
    aliases: ['gcr.io/kubernetes-e2e-test-images/dnsutils', 'gcr.io/kubernetes-e2e-test-images/jessie-dnsutils'],
  },
  redHatLike('docker.io/library/centos', 'CentOS Linux', 'centos', ['8.4', '7.9', '6.10'], { centos7: '7.9', centos8: '8.4', '7.9.2009': '7.9', 8.4: '8.4' }),
  redHatLike('docker.io/library/rockylinux', 'Rocky Linux', 'rocky', ['9.3', '8.9']),
  redHatLike('docker.io/library/almalinux', 'AlmaLinux', 'almalinux', ['10.0', '9.6', '8.10']),
  redHatLike('docker.io/library/fedora', 'Fedora Linux', 'fedora', ['42', '41', '40', '39', '38']),
  redHatLike('docker.io/library/amazonlinux', 'Amazon Linux', 'amzn', ['2023', '2']),
  redHatLike('registry.access.redhat.com/ubi9/ubi', 'Red Hat Enterprise Linux', 'rhel', ['9.6', '9.5', '9.4']),
];

/** A distribution with rpm. */
function redHatLike(repository: string, name: string, id: string, versions: readonly string[], names?: Readonly<Record<string, string>>): Small {
  const version = versions[0] as string;
  return {
    repository,
    versions,
    ...(names ? { names } : {}),
    sizeMebibytes: 75,
    config: { command: ['/bin/bash'] },
    programs: ['ps', 'kill', 'curl'],
    files: () => programEntries('/usr/bin', [...pick('gnu', ['yum', 'dnf', 'rpm'])]),
    release: `NAME="${name}"\nVERSION_ID="${version}"\nID="${id}"\nPRETTY_NAME="${name} ${version}"\n`,
  };
}

function debianImages(small: Small, shell: ShellMaker): ImageDefinition[] {
  const layer = remember(() =>
    debianLayer(shell, small.files?.(shell) ?? [], {
      ...(small.programs ? { programs: small.programs } : {}),
      ...(small.release ? { release: small.release } : {}),
    }),
  );
  const image: ImageDefinition = {
    repository: small.repository,
    versions: small.versions,
    versionOf: tagReader(small.versions, small.names ?? {}, ['slim']),
    image: () => ({ sizeBytes: mebibytes(small.sizeMebibytes), config: small.config, layer: () => layer('') }),
  };
  return [image, ...(small.aliases ?? []).map((repository) => ({ ...image, repository }))];
}

function curlImage(shell: ShellMaker): ImageDefinition {
  const versions = [
    '8.14.1',
    '8.13.0',
    '8.12.1',
    '8.11.1',
    '8.10.1',
    '8.9.1',
    '8.8.0',
    '8.7.1',
    '8.6.0',
    '8.5.0',
    '8.4.0',
    '8.3.0',
    '8.2.1',
    '8.1.2',
    '8.0.1',
    '7.88.1',
    '7.87.0',
    '7.86.0',
    '7.85.0',
    '7.84.0',
    '7.83.1',
    '7.82.0',
    '7.78.0',
    '7.70.0',
  ];
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
      { users: ['curl_user:x:100:101::/home/curl_user:/bin/sh'] },
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
  spin(process, cpu, 'stress');
  const timeout = process.argv.includes('--timeout') ? Number.parseInt(value('--timeout') ?? '0', 10) * 1000 : Number.POSITIVE_INFINITY;
  yield* process.sleep(timeout);
  return 0;
};

/** Go's log package as klog's ancestor begins its lines. */
function* glog(process: Process, line: number, text: string): Syscall<void> {
  const now = process.system.now();
  const micro = `${String(now % 1000).padStart(3, '0')}000`;
  yield* process.write(2, `I${formatDate('%m%d %T', now)}.${micro} ${String(process.pid).padStart(7)} main.go:${line}] ${text}\n`);
}

/** vish/stress: `-cpus N`, `-mem-total SIZE` taken in steps of `-mem-alloc-size` every `-mem-alloc-sleep`. */
const vishStress: Program = function* (process) {
  const args = process.argv.slice(1);
  const total = quantity(flagValue(args, 'mem-total') ?? '0');
  const chunk = quantity(flagValue(args, 'mem-alloc-size') ?? '4Ki');
  const sleepText = flagValue(args, 'mem-alloc-sleep') ?? '1ms';
  const cpus = Number(flagValue(args, 'cpus') ?? 0);
  const pauseMs = durationMs(sleepText);
  if (total === undefined || !chunk || pauseMs === undefined || Number.isNaN(cpus)) {
    yield* process.write(2, 'stress: a flag has no valid value\n');
    return 2;
  }
  yield* glog(
    process,
    26,
    `Allocating "${flagValue(args, 'mem-total') ?? '0'}" memory, in "${flagValue(args, 'mem-alloc-size') ?? '4Ki'}" chunks, with a ${sleepText} sleep between allocations`,
  );
  const memory = process.system.service<MemoryService>('memory');
  spin(process, cpus, 'stress');
  for (let cpu = 0; cpu < Math.min(cpus, hogsMax); cpu++) yield* glog(process, 39, 'Spawning a thread to consume CPU');
  for (let taken = 0; taken < total; ) {
    taken = Math.min(total, taken + chunk);
    memory?.take(process.pid, taken);
    yield* process.sleep(Math.max(1, pauseMs));
  }
  yield* glog(process, 29, `Allocated "${flagValue(args, 'mem-total') ?? '0'}" memory`);
  yield* process.sleep(Number.POSITIVE_INFINITY);
  return 0;
};

/** `150Mi`, `1G` as Kubernetes' quantities. */
function quantity(text: string): number | undefined {
  const match = /^(\d+)(Ki|Mi|Gi|k|M|G)?$/.exec(text);
  const units: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 };
  return match ? Number(match[1]) * (units[match[2] ?? ''] as number) : undefined;
}

function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  return match ? Number(match[1]) * ({ ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'] as number) : undefined;
}

/** More processes than a node has processors change nothing. */
const hogsMax = 64;

function spin(process: Process, count: number, name: string): void {
  for (let i = 0; i < Math.min(count, hogsMax); i++) {
    process.spawn({
      argv: [name],
      *program(child) {
        for (;;) yield* child.step();
      },
    });
  }
}

function stressImages(shell: ShellMaker): ImageDefinition[] {
  const layer = remember(() => busyboxLayer(shell, [['/usr/local/bin/stress', { program: stress, mode: 0o755 }]]));
  const vish = remember(() => createImageLayer([['/stress', { program: vishStress, mode: 0o755 }]]));
  const image = (repository: string, config: ImageConfig, made: typeof layer): ImageDefinition => ({
    repository,
    versions: ['latest'],
    versionOf: tagReader(['latest']),
    image: () => ({ sizeBytes: mebibytes(4), config, layer: () => made('') }),
  });
  return [
    image('docker.io/polinux/stress', { command: ['stress'] }, layer),
    image('docker.io/progrium/stress', { entrypoint: ['/usr/local/bin/stress', '--verbose'] }, layer),
    image('docker.io/vish/stress', { entrypoint: ['/stress', '-logtostderr'] }, vish),
  ];
}

/** Images that people reach for to look into a network: nicolaka/netshoot, busyboxplus, and curl under other names. */
function toolImages(shell: ShellMaker): ImageDefinition[] {
  const layer = remember(() =>
    busyboxLayer(shell, [
      ...programEntries('/usr/bin', [...pick('gnu', ['curl', 'host', 'ss']), ['dig', dig], ['nslookup', nslookup('bind')]]),
      ...programEntries('/bin', [
        ['bash', shell({ flavour: 'bash' })],
        ['nslookup', nslookup('bind')],
      ]),
    ]),
  );
  const image = (repository: string, versions: readonly string[], config: ImageConfig, sizeMebibytes: number): ImageDefinition => ({
    repository,
    versions,
    versionOf: tagReader(versions),
    image: () => ({ sizeBytes: mebibytes(sizeMebibytes), config, layer: () => layer('') }),
  });
  return [
    image('docker.io/nicolaka/netshoot', ['v0.14', 'v0.13', 'v0.12', 'v0.11'], { command: ['bash'] }, 190),
    image('docker.io/radial/busyboxplus', ['curl', 'base', 'git'], { command: ['/bin/sh'] }, 4),
    image('docker.io/alpine/curl', ['8.14.1', '8.12.1', '8.11.1'], { entrypoint: ['curl'] }, 6),
    image('docker.io/byrnedo/alpine-curl', ['latest', '0.1.8'], { entrypoint: ['curl'] }, 5),
    image('docker.io/appropriate/curl', ['latest', '3.1'], { entrypoint: ['curl'] }, 5),
    image('docker.io/tutum/curl', ['latest', 'alpine', 'trusty'], { command: ['/bin/bash'] }, 50),
  ];
}

export function smallImages(shell: ShellMaker): ImageDefinition[] {
  return [...debianLike.flatMap((one) => debianImages(one, shell)), curlImage(shell), ...stressImages(shell), ...toolImages(shell)];
}
