import { expect, test } from 'vitest';
import type { SystemError } from '../kernel/types.ts';
import { ContainerFs } from './container-fs.ts';
import { createImageLayer } from './image-layer.ts';
import { createVolume } from './volume.ts';

const layer = createImageLayer([
  ['/etc/motd', { data: 'hello' }],
  ['/var/run', { symlink: '/run' }],
  ['/run', { directory: true }],
  ['/loop', { symlink: 'loop' }],
  ['/up', { symlink: '../../../../etc' }],
]);
const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'ok';
  } catch (error) {
    return (error as SystemError).code;
  }
};

test('containers share an image and see only their own changes', () => {
  const [a, b] = [new ContainerFs({ layer }).host, new ContainerFs({ layer }).host];
  a.writeFile('/etc/motd', 'mine');
  a.unlink('/run/../etc/motd');
  a.writeFile('/etc/new', 'x');
  expect(a.readdir('/etc')).toEqual(['new']);
  expect(b.readText('/etc/motd')).toBe('hello');
  expect(b.readdir('/etc')).toEqual(['motd']);
});

test('a directory has a link of each one in it, but for one that is merged of an image and a container’s own files', () => {
  const fs = new ContainerFs({ layer, mounts: [{ target: '/data', volume: createVolume({}) }] }).host;
  const links = (path: string) => fs.stat(path).nlink;
  for (const name of ['a', 'b', 'b/c']) fs.mkdir(`/data/${name}`);
  fs.writeFile('/data/file', 'x');
  expect(['/data', '/data/a', '/data/b', '/data/file'].map(links)).toEqual([4, 2, 3, 1]);
  fs.rmdir('/data/a');
  fs.rename('/data/b/c', '/data/d');
  expect(['/data', '/data/b'].map(links)).toEqual([4, 2]);
  expect(['/', '/etc'].map(links)).toEqual([1, 2]); // Mount points were made in it.
  fs.writeFile('/etc/new', 'x');
  expect(links('/etc')).toBe(1);
});

test('links never lead out of the container and loops are noticed', () => {
  const { host } = new ContainerFs({ layer });
  expect(host.realpath('/up/motd')).toBe('/etc/motd');
  expect(codeOf(() => host.stat('/loop'))).toBe('ELOOP');
  expect(host.realpath('/../../etc')).toBe('/etc');
});

test('a volume is shared, follows links of the image at its mount point, and keeps its limit', () => {
  const volume = createVolume({ sizeLimitBytes: 10 });
  const mounts = [{ target: '/var/run/secrets', volume }];
  const [a, b] = [new ContainerFs({ layer, mounts }).host, new ContainerFs({ layer, mounts: [{ target: '/in', volume, readOnly: true }] }).host];
  a.writeFile('/run/secrets/token', '12345');
  expect(b.readText('/in/token')).toBe('12345');
  expect(codeOf(() => b.writeFile('/in/token', ''))).toBe('EROFS');
  expect(codeOf(() => a.writeFile('/run/secrets/big', '123456'))).toBe('ENOSPC');
  expect(codeOf(() => a.rename('/run/secrets/token', '/etc/token'))).toBe('EXDEV');
  a.unlink('/run/secrets/big');
  a.unlink('/run/secrets/token');
  expect(volume.usedBytes).toBe(0);
});

test('files laid into a volume are replaced at once', () => {
  const volume = createVolume();
  const now = Date.parse('2026-01-01T00:00:00Z');
  const { host } = new ContainerFs({ layer, mounts: [{ target: '/cfg', volume }] });
  volume.replaceFiles(
    [
      { path: 'a', data: '1', mode: 0o644 },
      { path: 'b', data: '2', mode: 0o644 },
    ],
    { now },
  );
  expect(host.readText('/cfg/a')).toBe('1');
  expect(host.readlink('/cfg/a')).toBe('..data/a');
  volume.replaceFiles([{ path: 'a', data: '3', mode: 0o644 }], { now: now + 1000 });
  expect(host.readText('/cfg/a')).toBe('3');
  expect(host.exists('/cfg/b')).toBe(false);
  expect(volume.usedBytes).toBe(1);
});

test('modes and owners bind everybody but root', () => {
  const fs = new ContainerFs({ layer });
  const user = fs.view({ pid: 1, uid: 1000, gid: 1000, groups: [], umask: 0o022, cwd: '/', capabilities: 0n });
  expect(codeOf(() => user.writeFile('/etc/x', ''))).toBe('EACCES');
  fs.host.mkdir('/tmp', { mode: 0o1777 });
  user.writeFile('/tmp/mine', 'x');
  expect(user.stat('/tmp/mine')).toMatchObject({ mode: 0o644, uid: 1000 });
  fs.host.writeFile('/tmp/roots', 'x', { mode: 0o600 });
  expect(codeOf(() => user.readFile('/tmp/roots'))).toBe('EACCES');
  expect(codeOf(() => user.unlink('/tmp/roots'))).toBe('EPERM');
});

test('what a container writes outside volumes is limited', () => {
  const { host, storage } = new ContainerFs({ layer, limits: { bytes: 100, files: 5 } });
  expect(codeOf(() => host.writeFile('/big', 'x'.repeat(101)))).toBe('ENOSPC');
  host.unlink('/big');
  expect(storage.usedBytes).toBe(0);
});
