/** What scripts in containers try on the machine outside, and on the process that interprets them. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeHeader, paddingOf, type TarMember } from '../../src/shell/applets/lib/tar-header.ts';
import { ContainerScripts } from './container-scripts.ts';

const secret = 'of the machine outside';
const folder = mkdtempSync(join(tmpdir(), 'paperkube-outside-'));
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((one) => one && !one.internal && one.family === 'IPv4')?.address;
let containers: ContainerScripts;
let outside: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  writeFileSync(join(folder, 'secret'), secret);
  process.env.PAPERKUBE_TEST_SECRET = secret;
  outside = createServer((socket) => {
    connections += 1;
    socket.end(`HTTP/1.1 200 OK\r\n\r\n${secret}`);
  });
  await new Promise<void>((resolve) => outside.listen(0, resolve));
  ({ port } = outside.address() as AddressInfo);
  containers = await ContainerScripts.start();
});

afterAll(async () => {
  delete process.env.PAPERKUBE_TEST_SECRET;
  await containers.close();
  outside.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a hostPath is a folder of the simulated node, and its links lead nowhere else', async () => {
  const volumes = [
    { name: 'there', hostPath: { path: folder } },
    { name: 'root', hostPath: { path: '/' } },
  ];
  const volumeMounts = [
    { name: 'there', mountPath: '/there' },
    { name: 'root', mountPath: '/root-of-node' },
  ];
  const { log } = await containers.run(
    'host-path',
    `cat /there/secret /root-of-node${folder}/secret ${folder}/secret 2>&1; ls /there; ls -d /root-of-node/etc
     ln -s /root-of-node/../../../..${folder}/secret /there/soft; cat /there/soft 2>&1
     ln ${folder}/secret /there/hard 2>&1; ln -s ${folder} /there/folder; ls /there/folder/ 2>&1
     echo made > /there/made; mkdir -p /root-of-node${folder}/deeper; ls /there`,
    { volumes },
    { volumeMounts },
  );
  expect(log).toContain("cat: can't open '/there/secret': No such file or directory\n");
  expect(log).toMatch(/\/root-of-node\/etc\n/);
  expect(log).toMatch(/deeper\nfolder\nmade\nsoft\n$/);
  expect(log).not.toContain(secret);
  expect(readdirSync(folder)).toEqual(['secret']);
});

test('neither /proc nor /dev nor a variable tells of the process outside', async () => {
  const { log } = await containers.run(
    'proc',
    `cat /proc/*/environ /proc/*/cmdline /proc/version /proc/mounts /proc/cmdline /proc/${process.pid}/status /proc/self/maps 2>&1
     ls -l /proc/*/fd /proc/1/cwd/ /proc/1/root/ /proc/1/root${folder} 2>&1; env; export -p; set; awk 'BEGIN { for (k in ENVIRON) print ENVIRON[k] }'
     echo "$PAPERKUBE_TEST_SECRET"; cat /dev/mem /dev/kmsg /dev/sda 2>&1; hostname; ps -o pid,args`,
  );
  expect(log).not.toContain(secret);
  expect(log).not.toContain(process.execPath);
  expect(log).not.toContain(process.cwd());
  expect(log).not.toContain(process.env.HOSTNAME || 'no such name');
  expect(log).toContain("cat: can't open '/dev/mem': No such file or directory");
});

test('no program, probe, hook, pull or Service opens a connection on the machine outside', async () => {
  const places = ['127.0.0.1', 'localhost', '0.0.0.0', '172.18.0.1', ...(ownAddress ? [ownAddress] : [])];
  const knock = places.map((host) => `wget -T 2 -qO- http://${host}:${port}/ 2>&1; nc -w 1 ${host} ${port} < /dev/null 2>&1`).join('; ');
  for (const hostNetwork of [false, true]) {
    const { log } = await containers.run(`knock-${hostNetwork}`, `${knock}; wget -T 2 -qO- http://example.com/ 2>&1`, { hostNetwork }, {}, 200);
    expect(log).toContain("wget: can't connect to remote host (127.0.0.1): Connection refused\n");
    expect(log).toContain("wget: bad address 'example.com'\n");
    expect(log).not.toContain(secret);
  }
  const asked = (host: string) => ({ httpGet: { host, port, path: '/' }, periodSeconds: 1 });
  const curious = { readinessProbe: asked('127.0.0.1'), livenessProbe: asked(ownAddress ?? 'localhost'), lifecycle: { postStart: asked('127.0.0.1') } };
  for (const one of Object.values(curious.lifecycle)) Reflect.deleteProperty(one, 'periodSeconds');
  await containers.start('probes', 'sleep 1000', {
    hostNetwork: true,
    containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '1000'], ...curious }],
  });
  await containers.start('pulls', 'true', {}, { image: `localhost:${port}/app` });
  await containers.cluster.env.loop.advance(30_000);
  expect(connections).toBe(0);
});

test('an archive of hostile names is unpacked inside its container, wherever they point', async () => {
  const member = (name: string, type: TarMember['type'], linkName = '', content = ''): Buffer => {
    const head = { name, type, mode: 0o644, uid: 0, gid: 0, size: content.length, mtimeMs: 0, linkName, userName: 'root', groupName: 'root' };
    return Buffer.concat([encodeHeader(head), Buffer.from(content), Buffer.alloc(paddingOf(content.length))]);
  };
  const archive = Buffer.concat([
    member(`../../../../../..${folder}/upwards`, 'file', '', 'evil'),
    member(`${folder}/absolute`, 'file', '', 'evil'),
    member('way', 'symlink', folder),
    member('way/through-a-link', 'file', '', 'evil'),
    member('hard', 'hardlink', `${folder}/secret`),
    member('soft', 'symlink', `../../../../../..${folder}/secret`),
    Buffer.alloc(1024),
  ]);
  const made = await containers.server.send(
    'POST',
    '/api/v1/namespaces/default/configmaps',
    JSON.stringify({ metadata: { name: 'archive' }, binaryData: { 'evil.tar': archive.toString('base64') } }),
  );
  expect(made.status).toBe(201);
  for (const image of ['busybox:1.36', 'debian:12']) {
    const name = `unpack-${image.replace(/[^a-z]/g, '')}`;
    const { log } = await containers.run(
      name,
      'mkdir /tmp/x; cd /tmp/x; tar xf /a/evil.tar 2>&1; tar xPf /a/evil.tar 2>&1; ls -a; cat hard soft 2>&1',
      { volumes: [{ name: 'a', configMap: { name: 'archive' } }] },
      { image, volumeMounts: [{ name: 'a', mountPath: '/a' }] },
    );
    expect(log).toContain('soft');
    expect(log).not.toContain(secret);
    expect(readdirSync(folder)).toEqual(['secret']);
  }
});

test('names that JavaScript knows mean nothing to programs: to files, tables of words, keys of ConfigMaps', async () => {
  const body = '{"metadata":{"name":"odd","labels":{"constructor":"l"}},"data":{"__proto__":"p","constructor":"c","toString":"t"}}';
  const maps = '/api/v1/namespaces/default/configmaps';
  expect((await containers.server.send('POST', maps, body)).status).toBe(201);
  const patch = '{"__proto__":{"polluted":"1"},"metadata":{"__proto__":{"polluted":"1"}},"data":{"__proto__":"q"}}';
  expect((await containers.server.send('PATCH', `${maps}/odd`, patch, 'application/merge-patch+json')).text).toContain(
    '"data":{"__proto__":"q","constructor":"c","toString":"t"}',
  );
  const { log } = await containers.run(
    'odd-names',
    `cat /c/__proto__ /c/constructor /c/toString; echo " $USED"; env | grep -c -E '^(__proto__|constructor|toString)='
     awk 'BEGIN { a["__proto__"] = 1; a["constructor"]++; for (k in a) print k, a[k]; print ("valueOf" in a), ENVIRON["valueOf"] "." }'
     cat /proc/constructor /proc/__proto__ /proc/net/constructor; ps -o constructor; (set -o constructor); kill -constructor 1
     echo 'cons [:' | tr '[:constructor:]' x; case x in [[:constructor:]]) echo yes;; *) echo no;; esac; echo x | grep -c '[[:constructor:]]'
     constructor; stty constructor`,
    { volumes: [{ name: 'c', configMap: { name: 'odd' } }] },
    { volumeMounts: [{ name: 'c', mountPath: '/c' }], envFrom: [{ configMapRef: { name: 'odd' } }], env: [{ name: 'USED', value: '$(__proto__) $(valueOf)' }] },
  );
  expect(log.split('\n')).toEqual([
    'qct q $(valueOf)',
    '3',
    '__proto__ 1',
    'constructor 1',
    '0 .',
    "cat: can't open '/proc/constructor': No such file or directory",
    "cat: can't open '/proc/__proto__': No such file or directory",
    "cat: can't open '/proc/net/constructor': No such file or directory",
    "ps: bad -o argument 'constructor', supported arguments: user,comm,args,pid,ppid,pgid,etime,time,vsz,stat,rss",
    'sh: set: line 3: illegal option -o constructor',
    "sh: kill: line 3: bad signal name 'constructor'",
    'xxxx xx',
    'no',
    '0',
    'sh: constructor: not found',
    'stty: standard input: Inappropriate ioctl for device',
    '',
  ]);
  expect(Object.keys(Object.prototype)).toEqual([]);
  for (const image of ['constructor', 'busybox:constructor', 'busybox:__proto__']) {
    const name = `image-${image.replace(/[^a-z]/g, '')}`;
    await containers.start(name, 'true', {}, { image });
    await containers.cluster.env.loop.advance(5_000);
    const { text } = await containers.server.send('GET', `/api/v1/namespaces/default/pods/${name}`);
    expect(text).toMatch(/not found|repository does not exist/);
    expect(text).not.toContain('is not a function');
  }
});

test('a regular expression that would take ages costs its own container alone', async () => {
  const script = `a=$(head -c 5000 /dev/zero | tr '\\0' a)
    echo $a! | grep -cE '(a+)+$'; echo $a! | sed -E 's/(a|aa)+$/x/' | wc -c; expr $a! : '\\(a*\\)*b'
    echo $a! | awk '/(.*)*b/ { print "no" } { gsub(/(a*)*c/, ""); n = split($0, x, /(a|a)*b/); print n }'
    touch /tmp/$(echo $a | head -c 200); find /tmp -name '*a*a*a*a*a*a*a*a*b'; echo "\${a##*a*a*a*a*a*b}" | wc -c
    echo $a | grep -c '\\(a*\\)\\(a*\\)\\(a*\\)\\1\\2\\3b'; echo $?`;
  expect(await containers.run('catastrophe', script)).toEqual({ code: 0, log: '0\n5002\n\n1\n5001\ngrep: memory exhausted\n2\n' });
});

test('folders in folders and files without end come to the end that paths and disks have', async () => {
  const deep = await containers.run(
    'deep',
    'cd /tmp; i=0; while mkdir d && cd d; do i=$((i+1)); done; echo $i; cd /tmp; find d | wc -l; rm -rf d; ls',
    {},
    {},
    200,
  );
  expect(deep).toEqual({ code: 0, log: "sh: cd: line 1: can't cd to d: Filename too long\n2045\n2046\n" });
  const many = await containers.run('many', 'mkdir /tmp/m; cd /tmp/m; seq 100000 | xargs touch; ls | wc -l', {}, {}, 200);
  expect(many).toEqual({ code: 0, log: 'touch: 100000: No space left on device\n99999\n' });
});

test('programs that call themselves, and brackets in brackets, end with an error of their own', async () => {
  const { code, log } = await containers.run(
    'nested',
    `p=$(head -c 20000 /dev/zero | tr '\\0' '('); q=$(head -c 20000 /dev/zero | tr '\\0' ')')
     sh -c "echo \\$(( $p 1 $q ))" 2>&1 | head -c 60; echo; awk "BEGIN { print $p 1 $q }" 2>&1 | head -c 60; echo
     echo x | grep -E "$p$q" 2>&1 | head -c 20; echo; awk 'function f(n) { return f(n+1) } BEGIN { f(0) }' 2>&1
     echo '. /tmp/s' > /tmp/s; sh /tmp/s 2>&1; e='eval "$e"'; sh -c "e='$e'; eval \\"\\$e\\"" 2>&1; echo alive`,
  );
  expect(code).toBe(0);
  expect(log).toMatch(/alive\n$/);
  expect(log).toContain('awk: function calls nest too deep');
});
