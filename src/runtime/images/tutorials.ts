/** Images of Kubernetes' own tutorials and of books: each is a small server that tells who answers, or in which version. */
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { header } from '../../shell/applets/lib/http.ts';
import type { Program, Syscall } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import type { HttpAnswer, HttpRequest } from './http-server.ts';
import { hostPort, startHttpServer, untilSignal } from './http-server.ts';
import { goServer, type ServerImage, serverImage } from './server-image.ts';

const isoTime = (ms: number) => new Date(ms).toISOString();

/** A server of Node.js: PID 1 that has no handler ignores TERM, so that its container ends only by KILL. */
function nodeServer(
  port: number,
  banner: (hostname: string, now: number) => string,
  handler: (request: HttpRequest, hostname: string, now: number) => { answer: HttpAnswer; log?: string },
): Program {
  return function* (process) {
    const { system } = process;
    startHttpServer(process, port, function* (request, one): Syscall<HttpAnswer> {
      const { answer, log } = handler(request, system.hostname, system.now());
      if (log !== undefined) yield* one.write(1, log);
      return answer;
    });
    yield* process.write(1, banner(system.hostname, system.now()));
    yield* process.sleep(Number.POSITIVE_INFINITY);
    return 0;
  };
}

/** The application of "Kubernetes Basics": it counts its requests, and says where it runs. */
function bootcamp(version: string): Program {
  return function* (process) {
    const startedAt = process.system.now();
    let requests = 0;
    return yield* nodeServer(
      8080,
      (hostname, now) => `Kubernetes Bootcamp App Started At: ${isoTime(now)} | Running On:  ${hostname} \n\n`,
      (_, hostname, now) => {
        requests += 1;
        return {
          answer: { status: 200, type: 'text/plain', body: `Hello Kubernetes bootcamp! | Running on: ${hostname} | v=${version.slice(1)}\n` },
          log: `Running On: ${hostname} | Total Requests: ${requests} | App Uptime: ${(now - startedAt) / 1000} seconds | Log Time: ${isoTime(now)}\n`,
        };
      },
    )(process);
  };
}

/** jmalloc's echo-server, which minikube's first steps use under its own name. */
const echoServer: Program = function* (process) {
  const answer = (request: HttpRequest): HttpAnswer => ({
    status: 200,
    type: 'text/plain',
    body: [
      `Request served by ${process.system.hostname}\n\n`,
      `${request.first.split(' ').at(-1)} ${request.method} ${request.target}\n\n`,
      ...[...request.headers]
        .sort(([a], [b]) => (a.toLowerCase() === 'host' ? -1 : b.toLowerCase() === 'host' ? 1 : a < b ? -1 : 1))
        .map(([name, value]) => `${name}: ${value}\n`),
      '\n',
      Buffer.from(request.body).toString(),
    ].join(''),
  });
  const port = Number(process.env.get('PORT') ?? 8080);
  startHttpServer(process, port, function* (request, one): Syscall<HttpAnswer> {
    yield* one.write(1, `${hostPort(request.connection.remoteAddress, request.connection.remotePort)} | ${request.method} ${request.target}\n`);
    return answer(request);
  });
  yield* process.write(1, `Echo server listening on port ${port}.\n`);
  yield* untilSignal(process, ['TERM', 'INT']);
  return 2;
};

/** The backend of "Connect a Frontend to a Backend Using Services". */
const helloGo: Program = function* (process) {
  return yield* goServer(process, 80, () => ({ status: 200, type: 'application/json', body: '{"message":"Hello"}\n' }), '');
};

/** The proxy of the tutorial on TCP probes. */
const goproxy: Program = function* (process) {
  const body = 'This is a proxy server. Does not respond to non-proxy requests.\n';
  return yield* goServer(
    process,
    8080,
    ({ target }) => (target.startsWith('/') ? { status: 500, body } : { status: 501, body: 'Passing requests on is not simulated.\n' }),
    '',
  );
};

/** serve_hostname of "Debug Services": any path answers with the pod's name. */
const serveHostname: Program = function* (process) {
  return yield* goServer(process, 9376, (_, one) => ({ status: 200, body: one.system.hostname }), '');
};

/** Processor time of a request to hpa-example, in steps: about 0.1 s. */
const hpaSteps = 20_000;
const stepsAtOnce = 500;

/** The server of the autoscaling tutorial: each request takes processor time before it is answered. */
const hpaExample: Program = function* (process) {
  startHttpServer(
    process,
    80,
    function* (_, one): Syscall<HttpAnswer> {
      for (let done = 0; done < hpaSteps; done += stepsAtOnce) {
        one.charge(stepsAtOnce);
        yield* one.step();
      }
      return { status: 200, type: 'text/html', body: 'OK!' };
    },
    {
      server: 'Apache/2.4.10 (Debian)',
      log: function* (one, request, { status }, sent) {
        const stamp = formatDate('%d/%b/%Y:%T %z', one.system.now());
        yield* one.write(
          1,
          `${request.connection.remoteAddress} - - [${stamp}] "${request.first}" ${status} ${sent} "-" "${header(request, 'user-agent') ?? '-'}"\n`,
        );
      },
    },
  );
  yield* untilSignal(process, ['TERM', 'INT', 'WINCH']);
  return 0;
};

/** kubia of "Kubernetes in Action": `latest`, v1 to v4; v3 fails after four requests, `unhealthy` after five. */
function kubia(version: string): Program {
  const sound: Readonly<Record<string, number>> = { v3: 4, unhealthy: 5 };
  return function* (process) {
    let requests = 0;
    return yield* nodeServer(
      8080,
      () => 'Kubia server starting...\n',
      ({ connection }, hostname) => {
        requests += 1;
        const log = `Received request from ::ffff:${connection.remoteAddress}\n`;
        const bad = requests > (sound[version] ?? Number.POSITIVE_INFINITY);
        const words = version === 'latest' || version === 'unhealthy' ? `You've hit ${hostname}\n` : `This is ${version} running in pod ${hostname}\n`;
        const failed = version === 'unhealthy' ? "I'm not well. Please restart me!" : `Some internal error has occurred! This is pod ${hostname}\n`;
        return { answer: bad ? { status: 500, body: failed } : { status: 200, body: words }, log };
      },
    )(process);
  };
}

/** paulbouwer/hello-kubernetes: a page with MESSAGE, the pod and the node. */
const helloKubernetes: Program = function* (process) {
  const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const env = (name: string, otherwise: string) => escaped(process.env.get(name) ?? otherwise);
  const rows = (hostname: string) =>
    [
      ['namespace', env('KUBERNETES_NAMESPACE', '-')],
      ['pod', env('KUBERNETES_POD_NAME', hostname)],
      ['node', env('KUBERNETES_NODE_NAME', '-')],
    ]
      .map(([name, value]) => `<tr><th>${name}:</th><td>${value}</td></tr>\n`)
      .join('');
  return yield* nodeServer(
    Number(process.env.get('PORT') ?? 8080),
    () => `Listening on: http://${process.system.hostname}:${process.env.get('PORT') ?? 8080}\n`,
    (_, hostname) => ({
      answer: {
        status: 200,
        type: 'text/html; charset=utf-8',
        body: `<!DOCTYPE html>\n<html>\n<head><title>Hello Kubernetes!</title></head>\n<body>\n<div id="message">${env('MESSAGE', 'Hello world!')}</div>\n<table>\n${rows(hostname)}</table>\n</body>\n</html>\n`,
      },
    }),
  )(process);
};

/** What `docker run hello-world` is for. */
const helloWorld: Program = function* (process) {
  yield* process.write(
    1,
    '\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\nIt comes from a simulated container, which ends now.\n\n',
  );
  return 0;
};

/** A file that tutorials look at; it says what runs in its place. */
const script = (what: string) => ({ data: `// ${what}: this program is simulated, not run by Node.js.\n` });

const images: readonly (ServerImage & { readonly aliases?: readonly string[] })[] = [
  {
    repository: 'gcr.io/google-samples/kubernetes-bootcamp',
    versions: ['v1', 'v2'],
    sizeMebibytes: 80,
    config: { command: ['/bin/sh', '-c', 'node server.js'], env: { NODE_VERSION: '6.3.1', NPM_CONFIG_LOGLEVEL: 'info' }, exposedPorts: [8080] },
    path: '/usr/local/bin/node',
    program: bootcamp,
    around: 'debian',
    files: [['/server.js', script('Kubernetes Bootcamp')]],
    aliases: ['gcr.io/k8s-minikube/kubernetes-bootcamp', 'docker.io/jocatalin/kubernetes-bootcamp'],
  },
  {
    repository: 'docker.io/kicbase/echo-server',
    versions: ['1.0'],
    sizeMebibytes: 5,
    config: { entrypoint: ['/bin/echo-server'], env: { PORT: '8080' }, exposedPorts: [8080] },
    path: '/bin/echo-server',
    program: () => echoServer,
  },
  {
    repository: 'docker.io/jmalloc/echo-server',
    versions: ['v0.3.7', 'v0.3.6', '0.3.7'],
    sizeMebibytes: 5,
    config: { entrypoint: ['/bin/echo-server'], env: { PORT: '8080' }, exposedPorts: [8080] },
    path: '/bin/echo-server',
    program: () => echoServer,
  },
  {
    repository: 'gcr.io/google-samples/node-hello',
    versions: ['1.0'],
    sizeMebibytes: 250,
    config: { command: ['/bin/sh', '-c', 'node server.js'], env: { NODE_VERSION: '4.4.2' }, exposedPorts: [8080] },
    path: '/usr/local/bin/node',
    program: () =>
      nodeServer(
        8080,
        () => '',
        ({ target }) => ({ answer: { status: 200, body: 'Hello Kubernetes!' }, log: `Received request for URL: ${target}\n` }),
      ),
    around: 'debian',
    files: [['/server.js', script('node-hello')]],
  },
  {
    repository: 'gcr.io/google-samples/hello-go-gke',
    versions: ['1.0'],
    sizeMebibytes: 4,
    config: { command: ['/usr/bin/hello-go-gke'], exposedPorts: [80] },
    path: '/usr/bin/hello-go-gke',
    program: () => helloGo,
    around: 'busybox',
  },
  {
    repository: 'registry.k8s.io/goproxy',
    versions: ['0.1'],
    sizeMebibytes: 2,
    config: { entrypoint: ['/goproxy'], exposedPorts: [8080] },
    path: '/goproxy',
    program: () => goproxy,
  },
  {
    repository: 'registry.k8s.io/serve_hostname',
    versions: ['v1.4', '1.1'],
    sizeMebibytes: 6,
    config: { entrypoint: ['/serve_hostname'], exposedPorts: [9376] },
    path: '/serve_hostname',
    program: () => serveHostname,
    aliases: ['registry.k8s.io/serve-hostname'],
  },
  {
    repository: 'registry.k8s.io/hpa-example',
    versions: ['latest'],
    sizeMebibytes: 173,
    config: { command: ['apache2-foreground'], workingDir: '/var/www/html', exposedPorts: [80] },
    path: '/usr/local/bin/apache2-foreground',
    program: () => hpaExample,
    around: 'debian',
  },
  {
    repository: 'docker.io/luksa/kubia',
    versions: ['latest', 'v1', 'v2', 'v3', 'v4'],
    sizeMebibytes: 250,
    config: { entrypoint: ['node', 'app.js'], exposedPorts: [8080] },
    path: '/usr/local/bin/node',
    program: kubia,
    around: 'debian',
    files: [['/app.js', script('kubia')]],
  },
  {
    repository: 'docker.io/luksa/kubia-unhealthy',
    versions: ['latest'],
    sizeMebibytes: 250,
    config: { entrypoint: ['node', 'app.js'], exposedPorts: [8080] },
    path: '/usr/local/bin/node',
    program: () => kubia('unhealthy'),
    around: 'debian',
    files: [['/app.js', script('kubia')]],
  },
  {
    repository: 'docker.io/paulbouwer/hello-kubernetes',
    versions: ['1.10.1', '1.9', '1.8', '1.7', '1.5'],
    sizeMebibytes: 40,
    config: { command: ['npm', 'start'], exposedPorts: [8080], workingDir: '/usr/src/app' },
    path: '/usr/local/bin/npm',
    program: () => helloKubernetes,
    around: 'busybox',
  },
  {
    repository: 'docker.io/library/hello-world',
    versions: ['linux'],
    sizeMebibytes: 0.01,
    config: { command: ['/hello'] },
    path: '/hello',
    program: () => helloWorld,
  },
];

export function tutorialImages(shell: ShellMaker): ImageDefinition[] {
  return images.flatMap((one) => serverImage(one, shell, one.aliases));
}
