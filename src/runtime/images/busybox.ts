import { nslookup, pick } from '../../shell/applets/index.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import { programEntries } from '../../shell/fs/index.ts';
import { busyboxHttpd } from './busybox-httpd.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { busyboxLayer, mebibytes, remember, tagReader } from './definition.ts';

const versions = ['1.37.0', '1.36.1', '1.35.0', '1.34.1', '1.33.1', '1.32.1', '1.31.1', '1.30.1', '1.29.3', '1.28.4', '1.27.2', '1.26.2', '1.25.1', '1.24.2'];

/** busybox under its own name and those of the copies that Kubernetes keeps. */
export function busyboxImages(shell: ShellMaker): ImageDefinition[] {
  const own = busybox(shell);
  const copy = (repository: string, tags: Readonly<Record<string, string>>): ImageDefinition => ({
    ...own,
    repository,
    versionOf: (tag) => (Object.hasOwn(tags, tag) ? tags[tag] : undefined),
  });
  return [
    own,
    copy('registry.k8s.io/busybox', { latest: '1.27.2', '1.27.2': '1.27.2', '1.27': '1.27.2', 1.24: '1.24.2' }),
    copy('registry.k8s.io/e2e-test-images/busybox', { '1.29-1': '1.29.3', '1.29-2': '1.29.3', '1.29-4': '1.29.3', '1.36.1-1': '1.36.1', '1.37.0-1': '1.37.0' }),
  ];
}

/** busybox: up to 1.28 nslookup goes through libc's resolver, later it asks for itself. */
function busybox(shell: ShellMaker): ImageDefinition {
  const layer = remember((version) => {
    const style = Number(version.split('.')[1]) <= 28 ? 'busybox-small' : 'busybox-big';
    return busyboxLayer(
      shell,
      programEntries('/bin', [
        ['nslookup', nslookup(style)],
        ['httpd', busyboxHttpd],
      ]),
      { version },
    );
  });
  return {
    repository: 'docker.io/library/busybox',
    versions,
    versionOf: tagReader(versions, { stable: '1.36.1', unstable: '1.37.0' }, ['musl', 'glibc', 'uclibc']),
    image: (version) => ({
      sizeBytes: Number(version.split('.')[1]) <= 28 ? mebibytes(0.7) : mebibytes(2.1),
      config: { command: ['sh'] },
      layer: () => layer(version),
    }),
  };
}

const alpineVersions = ['3.22.0', '3.21.3', '3.20.6', '3.19.7', '3.18.12', '3.17.10', '3.16.9', '3.15.11', '3.14.10', '3.12.12', '3.10.9', '3.9.6'];

/** Root is a member of what used to guard devices. */
const alpineGroups = `${[
  'root:x:0:root',
  'bin:x:1:root,bin,daemon',
  'daemon:x:2:root,bin,daemon',
  'sys:x:3:root,bin',
  'adm:x:4:root,daemon',
  'tty:x:5:',
  'disk:x:6:root',
  'wheel:x:10:root',
  'floppy:x:11:root',
  'dialout:x:20:root',
  'tape:x:26:root',
  'video:x:27:root',
  'www-data:x:33:',
  'users:x:100:',
  'nobody:x:65534:',
].join('\n')}\n`;

/** The busybox in each of Alpine's releases; the newest where nothing is said. */
const busyboxOfAlpine: Readonly<Record<string, string>> = {
  '3.20': '1.36.1',
  3.19: '1.36.1',
  3.18: '1.36.1',
  3.17: '1.35.0',
  3.16: '1.35.0',
  3.15: '1.34.1',
  3.14: '1.33.1',
  3.12: '1.31.1',
  '3.10': '1.30.1',
  3.9: '1.29.3',
};

export function alpine(shell: ShellMaker): ImageDefinition {
  const layer = remember((version) =>
    busyboxLayer(
      shell,
      [
        ...['/lib', '/media', '/mnt', '/opt', '/srv', '/usr/lib', '/usr/local/bin', '/usr/share', '/var/cache', '/var/lib'].map(
          (path): [string, ImageEntry] => [path, { directory: true }],
        ),
        ['/bin/nslookup', { program: nslookup('busybox-big'), mode: 0o755 }],
        ...programEntries('/sbin', pick('busybox', ['apk'])),
        ['/etc/group', { data: alpineGroups }],
        ['/etc/alpine-release', { data: `${version}\n` }],
        ['/etc/os-release', { data: `NAME="Alpine Linux"\nID=alpine\nVERSION_ID=${version}\nPRETTY_NAME="Alpine Linux v${version.replace(/\.\d+$/, '')}"\n` }],
      ],
      { version: busyboxOfAlpine[version.replace(/\.\d+$/, '')] ?? '1.37.0' },
    ),
  );
  return {
    repository: 'docker.io/library/alpine',
    versions: alpineVersions,
    versionOf: tagReader(alpineVersions, { 3: '3.22.0' }),
    image: (version) => ({ sizeBytes: mebibytes(3.6), config: { command: ['/bin/sh'] }, layer: () => layer(version) }),
  };
}
