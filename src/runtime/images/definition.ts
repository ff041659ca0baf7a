import { busyboxPrograms, debianPrograms, multiCall, pick } from '../../shell/applets/index.ts';
import type { ImageEntry, ImageLayer } from '../../shell/fs/index.ts';
import { createImageLayer, programEntries } from '../../shell/fs/index.ts';
import type { MemoryGauge } from '../../shell/kernel/index.ts';
import type { Program } from '../../shell/kernel/types.ts';
import type { ImageConfig } from '../types.ts';

/** Makes a shell: busybox' ash, Debian's dash, or bash. */
export type ShellMaker = (options: { readonly flavour: 'ash' | 'dash' | 'bash' }) => Program;

export interface ImageContent {
  readonly sizeBytes: number;
  readonly config: ImageConfig;
  /** Made at first use, then shared by all containers. */
  readonly layer: () => ImageLayer;
}

/** An image of the simulated registries. */
export interface ImageDefinition {
  /** `docker.io/library/nginx` */
  readonly repository: string;
  /** All versions, newest first. */
  readonly versions: readonly string[];
  /** The version that a tag names; undefined if there is no such tag. */
  versionOf(tag: string): string | undefined;
  image(version: string): ImageContent;
  /** A registry asks for these before it hands the image out; whoever comes gets it if absent. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** How programs say what memory they take: `System.service<MemoryService>('memory')`. */
export interface MemoryService extends MemoryGauge {
  readonly limitBytes: number | undefined;
  /** Bytes that the container takes now. */
  readonly usedBytes: number;
  /** A process takes so many bytes from now on (0: none), until it ends. More than the limit in sum kills the container. */
  take(pid: number, bytes: number): void;
}

/**
 * A tag as its registry would read it: `latest`, a whole version, or the beginning of one (`1.25` is the newest 1.25.x),
 * with one of the given endings (`-alpine`) for what is the same here, whichever release of Alpine or Debian it names. Of versions with
 * three parts the earlier patches are there, too: where there is 1.25.5 there is 1.25.3.
 */
export function tagReader(
  versions: readonly string[],
  names: Readonly<Record<string, string>> = {},
  endings: readonly string[] = [],
): (tag: string) => string | undefined {
  return (asked) => {
    const tag = asked.replace(/\balpine\d+\.\d+$/, 'alpine').replace(/\b(?:trixie|bullseye|buster|stretch)$/, 'bookworm');
    const ending = endings.find((one) => tag.endsWith(`-${one}`) || tag === one);
    const plain = ending === undefined ? asked : tag === ending ? 'latest' : tag.slice(0, -ending.length - 1);
    if (plain === 'latest') return versions[0];
    if (Object.hasOwn(names, plain)) return names[plain];
    return versions.find((version) => version === plain || version.startsWith(`${plain}.`)) ?? earlierPatch(plain, versions);
  };
}

function earlierPatch(wanted: string, versions: readonly string[]): string | undefined {
  const [, release, patch] = /^(v?\d+\.\d+)\.(0|[1-9]\d{0,2})$/.exec(wanted) ?? [];
  if (release === undefined) return undefined;
  const later = (version: string) => version.startsWith(`${release}.`) && Number(version.slice(release.length + 1)) > Number(patch);
  return versions.some(later) ? wanted : undefined;
}

/** A value made once per key. */
export function remember<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const found = made.get(key);
    if (found !== undefined) return found;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

export const mebibytes = (count: number) => Math.round(count * 1024 * 1024);

const busyboxUsers = [
  'root:x:0:0:root:/root:/bin/sh',
  'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
  'www-data:x:33:33:www-data:/var/www:/bin/false',
  'nobody:x:65534:65534:nobody:/home:/bin/false',
];
const busyboxGroups = [
  'root:x:0:',
  'daemon:x:1:',
  'bin:x:2:',
  'sys:x:3:',
  'tty:x:5:',
  'disk:x:6:',
  'wheel:x:10:root',
  'www-data:x:33:',
  'users:x:100:',
  'nobody:x:65534:',
];

/** Folders, users and programs of a busybox; `extra` is laid over them. Each of the users has a group of the same name. */
export function busyboxLayer(
  shell: ShellMaker,
  extra: Iterable<readonly [string, ImageEntry]> = [],
  { users = [], groups = [], version = '1.36.1' }: { readonly users?: readonly string[]; readonly groups?: readonly string[]; readonly version?: string } = {},
): ImageLayer {
  const more = [...extra];
  const programs: [string, Program][] = [...busyboxPrograms(), ['sh', shell({ flavour: 'ash' })], ['ash', shell({ flavour: 'ash' })]];
  const names = new Set(['busybox', ...programs.map(([name]) => name), ...more.flatMap(([path]) => /^\/bin\/([^/]+)$/.exec(path)?.[1] ?? [])]);
  return createImageLayer([
    ...folders,
    ['/etc/passwd', { data: `${[...busyboxUsers, ...users].join('\n')}\n` }],
    ['/etc/group', { data: `${[...busyboxGroups, ...users.map(groupLine), ...groups].join('\n')}\n` }],
    ...programEntries('/bin', [...programs, ['busybox', multiCall(version, [...names])]]),
    ...more,
  ]);
}

/** Folders, users and programs of a slim Debian; `/bin` leads to `/usr/bin`, `sh` is dash. */
export function debianLayer(
  shell: ShellMaker,
  extra: Iterable<readonly [string, ImageEntry]> = [],
  options: { readonly users?: readonly string[]; readonly programs?: readonly string[]; readonly release?: string } = {},
): ImageLayer {
  const users = [...debianUsers, ...(options.users ?? [])];
  return createImageLayer([
    ...folders.filter(([path]) => path !== '/bin' && path !== '/sbin'),
    ['/usr/bin', { directory: true }],
    ['/usr/sbin', { directory: true }],
    ['/bin', { symlink: 'usr/bin' }],
    ['/sbin', { symlink: 'usr/sbin' }],
    ['/lib', { symlink: 'usr/lib' }],
    ...['/boot', '/media', '/mnt', '/opt', '/srv', '/usr/lib', '/usr/local/bin', '/usr/share', '/var/cache', '/var/lib'].map(
      (path) => [path, { directory: true }] as const,
    ),
    ['/etc/passwd', { data: `${users.join('\n')}\n` }],
    ['/etc/group', { data: `${users.map(groupLine).join('\n')}\n` }],
    [
      '/etc/os-release',
      {
        data: options.release ?? 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nID=debian\n',
      },
    ],
    ['/etc/bash.bashrc', { data: `PS1='\${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '\n` }],
    ...programEntries('/usr/sbin', pick('gnu', ['nologin'])),
    ...programEntries('/usr/bin', [
      ...debianPrograms(options.programs),
      ['sh', shell({ flavour: 'dash' })],
      ['dash', shell({ flavour: 'dash' })],
      ['bash', shell({ flavour: 'bash' })],
    ]),
    ...extra,
  ]);
}

const folders: [string, ImageEntry][] = ['/bin', '/sbin', '/etc', '/home', '/root', '/tmp', '/usr/bin', '/usr/sbin', '/var/log', '/var/spool', '/run'].map(
  (path) => [path, { directory: true, mode: path === '/tmp' ? 0o1777 : path === '/root' ? 0o700 : 0o755 }],
);
const debianUsers = [
  'root:x:0:0:root:/root:/bin/bash',
  'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
  'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin',
  'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
];

function groupLine(user: string): string {
  const [name, , , gid] = user.split(':');
  return `${name}:x:${gid}:`;
}
