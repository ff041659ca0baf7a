/** nginx under its names: the official image, those of Kubernetes' own tutorials and tests, and images that are nginx with pages of their own. */
import { pick } from '../../shell/applets/index.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import { programEntries } from '../../shell/fs/index.ts';
import type { Program } from '../../shell/kernel/types.ts';
import type { ImageConfig } from '../types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { busyboxLayer, debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { mimeTypes } from './nginx/answer.ts';
import { nginxProgram } from './nginx/program.ts';

const root = '/usr/share/nginx/html';

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This is the page of a simulated nginx. It serves the files under
${root}.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

const ipv6Script = '10-listen-on-ipv6-by-default.sh';
const templatesScript = '20-envsubst-on-templates.sh';

const entrypoint = `#!/bin/sh
# Does and prints what the image's own start-up scripts do and print, then becomes the command.
if [ "$1" = "nginx" ] || [ "$1" = "nginx-debug" ]; then
  conf=/etc/nginx/conf.d/default.conf
  echo "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration"
  echo "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/"
  echo "/docker-entrypoint.sh: Launching /docker-entrypoint.d/${ipv6Script}"
  if [ ! -f "$conf" ]; then
    echo "${ipv6Script}: info: $conf is not a file or does not exist"
  elif [ ! -w "$conf" ]; then
    echo "${ipv6Script}: info: can not modify $conf (read-only file system?)"
  else
    echo "${ipv6Script}: info: Getting the checksum of $conf"
    echo "${ipv6Script}: info: Enabled listen on IPv6 in $conf"
  fi
  echo "/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh"
  echo "/docker-entrypoint.sh: Launching /docker-entrypoint.d/${templatesScript}"
  for template in /etc/nginx/templates/*.template; do
    [ -f "$template" ] || continue
    out="/etc/nginx/conf.d/$(basename "$template" .template)"
    if [ ! -w /etc/nginx/conf.d ]; then
      echo "${templatesScript}: ERROR: /etc/nginx/templates exists, but /etc/nginx/conf.d is not writable"
      break
    fi
    echo "${templatesScript}: Running envsubst on $template to $out"
    envsubst < "$template" > "$out"
  done
  echo "/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh"
  echo "/docker-entrypoint.sh: Configuration complete; ready for start up"
fi
exec "$@"
`;

/** envsubst, as the start-up script calls it: variables that are set are put in, others (nginx' own) stay. */
const envsubst: Program = function* (process) {
  const parts: Uint8Array[] = [];
  for (let data = yield* process.read(0); data !== null; data = yield* process.read(0)) parts.push(data.slice());
  const text = Buffer.concat(parts).toString();
  yield* process.write(
    1,
    text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, plain?: string) => process.env.get((braced ?? plain) as string) ?? whole),
  );
  return 0;
};

/** What a server on a port says at `/`, with more locations before it. */
const serverBlock = (port: number, more = '') => `server {
    listen       ${port};
    listen  [::]:${port};
    server_name  localhost;

${more}    location / {
        root   ${root};
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   ${root};
    }
}
`;

const mainConfiguration = (first: string, inHttp = '') => `${first}
worker_processes  auto;
error_log  /var/log/nginx/error.log notice;

events {
    worker_connections  1024;
}

http {
${inHttp}    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;
    access_log  /var/log/nginx/access.log;
    sendfile        on;
    keepalive_timeout  65;
    include /etc/nginx/conf.d/*.conf;
}
`;
const asRoot = 'user  nginx;\npid  /run/nginx.pid;';
const temporaryInTmp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `    ${name}_temp_path /tmp/${name}_temp;\n`).join('');

// Old tags stay, so that tutorials which roll from 1.7.9 to 1.9.1 and on work.
const versions = [
  '1.29.0',
  '1.28.0',
  '1.27.5',
  '1.26.3',
  '1.25.5',
  '1.24.0',
  '1.23.4',
  '1.22.1',
  '1.21.6',
  '1.20.2',
  '1.19.10',
  '1.18.0',
  '1.17.10',
  '1.16.1',
  '1.15.12',
  '1.14.2',
  '1.13.12',
  '1.12.2',
  '1.11.13',
  '1.10.3',
  '1.9.15',
  '1.9.1',
  '1.8.1',
  '1.7.12',
  '1.7.9',
];

/** An image that is nginx with something of its own. */
interface Variant {
  readonly repository: string;
  readonly versions: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly endings?: readonly string[];
  /** The version of the nginx inside, by the image's. */
  readonly nginxVersion: (version: string) => string;
  readonly sizeMebibytes: number;
  readonly port: number;
  /** An Alpine or a Debian around it. */
  readonly alpine?: boolean;
  /** Has the official image's start-up scripts. */
  readonly scripts?: boolean;
  readonly user?: string;
  readonly main?: string;
  readonly server?: string;
  readonly page?: (version: string) => string;
}

const myApp = (repository: string, versions: readonly string[]): Variant => ({
  repository,
  versions,
  nginxVersion: () => '1.12.2',
  sizeMebibytes: 6,
  port: 80,
  alpine: true,
  server: serverBlock(80, '    location = /hostname.html {\n        alias /etc/hostname;\n    }\n\n'),
  page: (version) => `Hello MyApp | Version: ${version} | <a href="hostname.html">Pod Name</a>\n`,
});

const variants: readonly Variant[] = [
  {
    repository: 'docker.io/library/nginx',
    versions,
    names: { stable: '1.28.0', mainline: '1.29.0', 1: '1.29.0' },
    endings: ['alpine', 'alpine-slim', 'bookworm', 'perl'],
    nginxVersion: (version) => version,
    sizeMebibytes: 68.8,
    port: 80,
    scripts: true,
  },
  {
    repository: 'docker.io/nginxinc/nginx-unprivileged',
    versions,
    names: { stable: '1.28.0', mainline: '1.29.0', 1: '1.29.0' },
    endings: ['alpine', 'alpine-slim', 'bookworm'],
    nginxVersion: (version) => version,
    sizeMebibytes: 68.8,
    port: 8080,
    scripts: true,
    user: '101',
    main: mainConfiguration('pid  /tmp/nginx.pid;', temporaryInTmp),
  },
  {
    repository: 'registry.k8s.io/nginx-slim',
    versions: ['0.27', '0.26', '0.25', '0.24', '0.21', '0.9', '0.8', '0.7'],
    nginxVersion: (version) => (version.length < 4 ? '1.11.1' : '1.21.6'),
    sizeMebibytes: 23,
    port: 80,
  },
  {
    repository: 'registry.k8s.io/e2e-test-images/nginx',
    versions: ['1.15-4', '1.15-2', '1.15-1', '1.14-4', '1.14-2', '1.14-1'],
    nginxVersion: (version) => (version.startsWith('1.15') ? '1.15.12' : '1.14.2'),
    sizeMebibytes: 7,
    port: 80,
    alpine: true,
  },
  // The two images of that name that courses in Chinese use.
  myApp('docker.io/ikubernetes/myapp', ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7']),
  myApp('docker.io/wangyanglinux/myapp', ['v1', 'v2', 'v3', 'v4', 'v1.0', 'v2.0', 'v3.0']),
  {
    repository: 'gcr.io/google-samples/hello-frontend',
    versions: ['1.0'],
    nginxVersion: () => '1.14.2',
    sizeMebibytes: 44,
    port: 80,
    server: 'upstream Backend {\n    server hello;\n}\n\nserver {\n    listen 80;\n\n    location / {\n        proxy_pass http://Backend;\n    }\n}\n',
  },
];

function layerOf(one: Variant, version: string, shell: ShellMaker) {
  const inside = one.nginxVersion(version);
  const files: [string, ImageEntry][] = [
    ['/usr/sbin/nginx', { program: nginxProgram(inside), mode: 0o755 }],
    ['/usr/bin/envsubst', { program: envsubst, mode: 0o755 }],
    ['/docker-entrypoint.sh', { data: entrypoint, mode: 0o755 }],
    [`${root}/index.html`, { data: one.page?.(version) ?? welcome }],
    [`${root}/50x.html`, { data: '<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n' }],
    ['/etc/nginx/nginx.conf', { data: one.main ?? mainConfiguration(asRoot) }],
    ['/etc/nginx/mime.types', { data: mimeTypes }],
    ['/etc/nginx/conf.d/default.conf', { data: one.server ?? serverBlock(one.port), ...(one.user ? { uid: Number(one.user) } : {}) }],
    ['/var/log/nginx', { directory: true }],
    ['/var/cache/nginx', { directory: true }],
    ['/docker-entrypoint.d', { directory: true }],
    ['/var/log/nginx/access.log', { symlink: '/dev/stdout' }],
    ['/var/log/nginx/error.log', { symlink: '/dev/stderr' }],
  ];
  if (one.alpine) return busyboxLayer(shell, files, { users: ['nginx:x:100:101:nginx:/var/cache/nginx:/sbin/nologin'] });
  return debianLayer(shell, [...files, ...programEntries('/usr/bin', pick('gnu', ['curl']))], {
    users: ['nginx:x:101:101:nginx user:/nonexistent:/bin/false'],
  });
}

export function nginxImages(shell: ShellMaker): ImageDefinition[] {
  return variants.map((one) => {
    const layer = remember((version) => layerOf(one, version, shell));
    return {
      repository: one.repository,
      versions: one.versions,
      versionOf: tagReader(one.versions, one.names ?? {}, one.endings ?? []),
      image: (version) => ({ sizeBytes: mebibytes(one.sizeMebibytes), config: configOf(one, version), layer: () => layer(version) }),
    };
  });
}

function configOf(one: Variant, version: string): ImageConfig {
  return {
    ...(one.scripts ? { entrypoint: ['/docker-entrypoint.sh'] } : {}),
    command: ['nginx', '-g', 'daemon off;'],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', NGINX_VERSION: one.nginxVersion(version) },
    exposedPorts: [one.port],
    stopSignal: 'SIGQUIT',
    ...(one.user ? { user: one.user } : {}),
  };
}
