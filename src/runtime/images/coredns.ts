import { MessageReader } from '../../shell/applets/lib/http.ts';
import { receive, send } from '../../shell/applets/lib/socket.ts';
import { createImageLayer } from '../../shell/fs/index.ts';
import type { Connection, Process, Program, Syscall } from '../../shell/kernel/types.ts';
import type { ImageDefinition } from './definition.ts';
import { mebibytes, remember, tagReader } from './definition.ts';
import { serveConnections } from './server.ts';

/** What answers DNS messages: the cluster's zone, given to containers as the service `dns`. */
export interface DnsService {
  answer(message: Uint8Array, from: { readonly address: string }): Promise<Uint8Array>;
}

const version = '1.12.0';

/** CoreDNS: UDP and TCP 53, health on 8080, readiness on 8181. The answers come from the service `dns`. */
const coredns: Program = function* (process) {
  const service = process.system.service<DnsService>('dns');
  const { network } = process.system;
  const portOf = process.argv[process.argv.indexOf('-dns.port') + 1];
  const port = process.argv.includes('-dns.port') ? Number(portOf) : 53;
  let stopping = false;
  process.onSignal('TERM', () => {
    stopping = true;
  });
  process.onSignal('INT', () => {
    stopping = true;
  });
  yield* process.write(
    1,
    `.:${port}\n[INFO] plugin/reload: Running configuration SHA512 = ${process.system.hostname.length.toString(16).padStart(2, '0')}${'7b2e'.repeat(31)}00\nCoreDNS-${version}\nlinux/amd64, go1.23.3, 51e11f1\n`,
  );
  const children = [
    process.spawn({ argv: ['coredns'], thread: true, program: (child) => serveDatagrams(child, port, service) }),
    process.spawn({
      argv: ['coredns'],
      thread: true,
      program: (child) => serveConnections(child, network.listen('0.0.0.0', port), (one, connection) => answerStream(one, connection, service)),
    }),
    process.spawn({
      argv: ['coredns'],
      thread: true,
      program: (child) => serveConnections(child, network.listen('0.0.0.0', 8080), (one, connection) => answerPath(one, connection, '/health')),
    }),
    process.spawn({
      argv: ['coredns'],
      thread: true,
      program: (child) => serveConnections(child, network.listen('0.0.0.0', 8181), (one, connection) => answerPath(one, connection, '/ready')),
    }),
  ];
  while (!stopping) {
    try {
      yield* process.sleep(Number.POSITIVE_INFINITY);
    } catch {
      // A signal: the loop's condition says whether to end.
    }
  }
  yield* process.write(1, '[INFO] SIGTERM: Shutting down servers then terminating\n[INFO] plugin/health: Going into lameduck mode for 5s\n');
  yield* process.sleep(5000);
  for (const pid of children) process.kill(pid, 'KILL');
  return 0;
};

function* serveDatagrams(process: Process, port: number, service: DnsService | undefined): Syscall<number> {
  const socket = process.system.network.bindDatagram('0.0.0.0', port);
  for (;;) {
    const message = socket.receive();
    if (!message) {
      yield (wake) => socket.onReadable(wake);
      continue;
    }
    process.charge(2);
    // Answers overtake each other, as with a goroutine per query.
    service?.answer(message.data, { address: message.address }).then(
      (answer) => socket.send(answer, message.address, message.port),
      () => {},
    );
  }
}

/** DNS over TCP: each message has two bytes of length in front. */
function* answerStream(process: Process, connection: Connection, service: DnsService | undefined): Syscall<void> {
  let held = Buffer.alloc(0);
  for (let data = yield* receive(process, connection); data !== null; data = yield* receive(process, connection)) {
    held = Buffer.concat([held, data]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const message = held.subarray(2, 2 + held.readUInt16BE(0));
      held = held.subarray(2 + message.length);
      if (!service) continue;
      const answer = yield* process.await(service.answer(message, { address: connection.remoteAddress }));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      yield* send(connection, Buffer.concat([length, answer]));
    }
  }
  connection.end();
}

function* answerPath(process: Process, connection: Connection, path: string): Syscall<void> {
  const head = yield* new MessageReader(process, connection).head();
  if (!head) return;
  const found = head.first.split(' ')[1] === path;
  const body = found ? 'OK' : '404 page not found\n';
  yield* send(
    connection,
    `HTTP/1.1 ${found ? '200 OK' : '404 Not Found'}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  connection.end();
}

const versions = ['v1.12.0', 'v1.11.3', 'v1.11.1'];

export const corednsImage: ImageDefinition = {
  repository: 'registry.k8s.io/coredns/coredns',
  versions,
  versionOf: tagReader(versions),
  image: remember(() => {
    const layer = createImageLayer([
      ['/coredns', { program: coredns, mode: 0o755 }],
      ['/etc/passwd', { data: 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' }],
    ]);
    return { sizeBytes: mebibytes(20), config: { entrypoint: ['/coredns'], user: '0:0', workingDir: '/', exposedPorts: [53] }, layer: () => layer };
  }),
};
