import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, forward } from './support/container-client.ts';
import { hasKubectl, kubectl, kubectlForward } from './support/kubectl.ts';
import { higher, median, type Question, type Row, time } from './support/measure.ts';
import type { BenchServer } from './support/server.ts';
import { tarOf } from './support/tar.ts';
import { withUsableServer } from './support/usable.ts';
import { createToReady, podSpec } from './support/workloads.ts';

const pod = 'files';
const file = '/usr/share/nginx/html/large';

/** How fast do bytes come in and out of a container? */
export const transfer: Question = {
  name: 'transfer',
  about: '20 MB through port-forward, and through cp both ways, with a client of our own and with kubectl if it is there',
  run: ({ quick }) =>
    withUsableServer([], async (server) => {
      await createToReady(server, pod, podSpec([{ name: 'web', image: 'nginx' }]));
      const size = (quick ? 5 : 20) * 1_000_000;
      await exec(server.target, pod, ['sh', '-c', `head -c ${size} /dev/urandom > ${file}`]);
      const rows = await ownClient(server, size, quick ? 2 : 5);
      if (await hasKubectl()) rows.push(...(await withKubectl(server, size, quick ? 1 : 3)));
      return rows;
    }),
};

async function ownClient(server: BenchServer, size: number, turns: number): Promise<Row[]> {
  const { target } = server;
  const request = Buffer.from('GET /large HTTP/1.1\r\nHost: files\r\nConnection: close\r\n\r\n');
  const archive = tarOf('copied', Buffer.alloc(size, 'bench '));
  return [
    await throughput(server, 'port-forward, from the pod', size, turns, () => forward(target, pod, 80, request, (received) => received > size)),
    await throughput(server, 'exec, from the pod (cat)', size, turns, async () => {
      const { stdoutBytes } = await exec(target, pod, ['cat', file]);
      if (stdoutBytes !== size) throw new Error(`${stdoutBytes} bytes came of ${size}`);
    }),
    await throughput(server, 'cp from the pod (tar cf -)', size, turns, () => exec(target, pod, ['tar', 'cf', '-', file])),
    await throughput(server, 'cp to the pod (tar xmf -)', size, turns, () => exec(target, pod, ['tar', 'xmf', '-', '-C', '/tmp'], archive)),
  ];
}

async function withKubectl(server: BenchServer, size: number, turns: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'paperkube-bench-'));
  try {
    const local = join(folder, 'local');
    writeFileSync(local, Buffer.alloc(size, 'bench '));
    const copied = join(folder, 'copied');
    const forwarded = await kubectlForward(server.kubeconfig, pod, 80);
    const rows = [
      await throughput(server, 'kubectl port-forward, from the pod', size, turns, () => download(forwarded.port, size)),
      await throughput(server, 'kubectl cp from the pod', size, turns, async () => {
        await kubectl(server.kubeconfig, 'cp', `default/${pod}:${file}`, copied);
        if (statSync(copied).size !== size) throw new Error('the copy is not complete');
      }),
      await throughput(server, 'kubectl cp to the pod', size, turns, () => kubectl(server.kubeconfig, 'cp', local, `default/${pod}:/tmp/local`)),
    ];
    await forwarded.stop();
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** MB/s, and the server's processor time for each MB. */
async function throughput(server: BenchServer, name: string, size: number, turns: number, work: () => Promise<unknown>): Promise<Row> {
  await work();
  const all: number[] = [];
  const megabytes = size / 1e6;
  const before = server.cpuMs();
  for (let turn = 0; turn < turns; turn += 1) all.push((1000 * megabytes) / (await time(work)));
  return higher(`${megabytes} MB, ${name}`, median(all), 'MB/s', { cpuMs: (server.cpuMs() - before) / (turns * megabytes), all });
}

function download(port: number, size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/large', agent: false }, (response) => {
      let received = 0;
      response.on('data', (bytes: Buffer) => (received += bytes.length));
      response.on('error', reject);
      response.on('end', () => (received === size ? resolve() : reject(new Error(`${received} bytes came of ${size}`))));
    }).on('error', reject);
  });
}
