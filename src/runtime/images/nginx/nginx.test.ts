import { expect, test } from 'vitest';
import { testNode } from '../../testing/node.ts';
import { parseConfig } from './config-file.ts';

const conf = '/etc/nginx/conf.d/default.conf';

/** Starts nginx with this in place of its default server, or with a whole file, and a client to ask it. */
async function served(text: string, change: { readonly path?: string; readonly script?: string } = {}) {
  const node = testNode();
  const script = `cat > ${change.path ?? conf} <<'END'\n${text}\nEND\n${change.script ?? ''}\nexec nginx -g 'daemon off;'`;
  const server = await node.start('nginx:1.27', { command: ['sh', '-c', script] });
  await node.advance(1000);
  const curl = async (...args: string[]) => (await node.exec(server.id, 'curl', '-s', ...args)).stdout;
  return { node, server, curl, log: () => node.log(server.id), status: () => node.status(server.id) };
}

test('locations are chosen in the order of nginx, and say, serve and redirect what they are told to', async () => {
  const { curl, log } = await served(
    [
      'server {',
      '  listen 80;',
      '  root /srv;',
      '  add_header X-Pod $hostname;',
      "  location = /healthz { access_log off; default_type text/plain; return 200 'ok from $hostname\\n'; }",
      '  location /old { return 301 /new; }',
      '  location ^~ /static/ { alias /srv/files/; }',
      '  location ~ \\.txt$ { return 200 "text $uri $arg_a\\n"; }',
      '  location / { try_files $uri $uri/ /index.html; }',
      '  location /secret { return 403; }',
      '}',
    ].join('\n'),
    { script: 'mkdir -p /srv/files; echo home > /srv/index.html; echo one > /srv/files/one.txt' },
  );
  expect(await curl('localhost/healthz')).toBe('ok from pod-1\n');
  expect(await curl('-o', '/dev/null', '-w', '%{http_code}', 'localhost/old')).toBe('301');
  expect(await curl('-i', 'localhost/old')).toContain('Location: http://localhost/new\r\n');
  expect(await curl('-i', 'localhost/healthz')).toContain('X-Pod: pod-1\r\n');
  expect(await curl('localhost/static/one.txt')).toBe('one\n');
  expect(await curl('localhost/b.txt?a=c')).toBe('text /b.txt c\n');
  expect(await curl('localhost/any/where')).toBe('home\n');
  expect(await curl('localhost/secret')).toContain('<center><h1>403 Forbidden</h1></center>');
  expect(log()).not.toContain('/healthz');
  expect(log()).toContain('"GET /any/where HTTP/1.1" 200 5 "-" "curl/');
});

test('a configuration with a fault keeps nginx from starting, in its own words', async () => {
  const fault = async (text: string) => {
    const { log, status } = await served(text);
    expect(status()).toMatchObject({ state: 'exited', exitCode: 1 });
    return /nginx: \[emerg\] (.*)\n$/.exec(log())?.[1];
  };
  expect(await fault('server {\n  lisen 80;\n}')).toBe(`unknown directive "lisen" in ${conf}:2`);
  expect(await fault('server {\n  listen 80\n}')).toBe(`unexpected "}" in ${conf}:3`);
  expect(await fault('server {\n  listen 80;')).toBe(`unexpected end of file, expecting "}" in ${conf}:2`);
  expect(await fault('server {\n  proxy_pass http://a;\n}')).toBe(`"proxy_pass" directive is not allowed here in ${conf}:2`);
  expect(await fault('server {\n  location / { proxy_pass http://127.0.0.1; }\n  location ~ ( { }\n}')).toMatch(
    /^pcre2_compile\(\) failed: .* in "\(" in \/etc/,
  );
  expect(await fault('server {\n  listen 443 ssl;\n}')).toBe(`no "ssl_certificate" is defined for the "listen ... ssl" directive in ${conf}:1`);
  expect(await fault('server {\n  return 200 $nosuch;\n}')).toBe(`unknown "nosuch" variable in ${conf}:2`);
  expect(await fault('server {\n  rewrite ^ /a;\n}')).toBe(`the "rewrite" directive is not simulated in ${conf}:2`);
  expect(await fault(`${'a {'.repeat(50)}${'}'.repeat(50)}`)).toContain('too deep a nesting');
});

test('requests are passed on to another server, whose absence is a 502', async () => {
  const node = testNode();
  const backend = await node.start('gcr.io/google-samples/hello-app:1.0');
  const text = `upstream backends { server ${backend.ip}:8080; }
    server { listen 80; location / { proxy_pass http://backends; proxy_set_header X-Real-IP $remote_addr; } location /gone/ { proxy_pass http://127.0.0.1:9/; } }`;
  const server = await node.start('nginx', { command: ['sh', '-c', `echo '${text}' > ${conf}; exec nginx -g 'daemon off;'`] });
  await node.advance(1000);
  expect((await node.exec(server.id, 'curl', '-s', 'localhost/')).stdout).toContain('Hello, world!\nVersion: 1.0.0\n');
  expect((await node.exec(server.id, 'curl', '-s', 'localhost/gone/x')).stdout).toContain('502 Bad Gateway');
  expect(node.log(server.id)).toMatch(
    /\[error\] \d+#\d+: \*2 connect\(\) failed \(111: Connection refused\) while connecting to upstream, client: 127\.0\.0\.1, server: , request: "GET \/gone\/x HTTP\/1\.1", upstream: "http:\/\/127\.0\.0\.1:9\/x", host: "localhost"\n/,
  );
});

test('an upstream that has no address keeps nginx from starting', async () => {
  const { node, log } = await served('server { location / { proxy_pass http://nosuch.example:8080; } }');
  await node.advance(120_000); // Nobody answers for names here.
  expect(log()).toContain(`nginx: [emerg] host not found in upstream "nosuch.example" in ${conf}:1\n`);
});

test('a server with a certificate answers https, and plain http on its other port', async () => {
  const pem = (kind: string) => `-----BEGIN ${kind}-----\nMAMCAQE=\n-----END ${kind}-----`;
  const { curl } = await served('server { listen 80; listen 443 ssl; ssl_certificate /tls.crt; ssl_certificate_key /tls.key; return 200 $scheme; }', {
    script: `printf '%s' '${pem('CERTIFICATE')}' > /tls.crt; printf '%s' '${pem('PRIVATE KEY')}' > /tls.key`,
  });
  expect([await curl('-k', 'https://localhost/'), await curl('http://localhost/')]).toEqual(['https', 'http']);
});

test('logs go to the files that the configuration names', async () => {
  const { node, server, curl, log } = await served('', { path: '/dev/null', script: 'rm /var/log/nginx/*.log' });
  await curl('localhost/nosuch');
  expect((await node.exec(server.id, 'cat', '/var/log/nginx/access.log')).stdout).toMatch(
    /^127\.0\.0\.1 - - \[.*\] "GET \/nosuch HTTP\/1\.1" 404 \d+ "-" "curl\//,
  );
  expect((await node.exec(server.id, 'tail', '-n1', '/var/log/nginx/error.log')).stdout).toContain(
    'open() "/usr/share/nginx/html/nosuch" failed (2: No such file or directory)',
  );
  expect(log()).toBe('');
});

test('a reload takes the new configuration, or says what is wrong with it and goes on', async () => {
  const { node, server, curl, log } = await served('server { listen 80; return 200 first; }');
  const sh = (script: string) => node.exec(server.id, 'sh', '-c', script);
  expect(await curl('localhost')).toBe('first');
  const { stderr, exitCode } = await sh(`echo 'server { nonsense; }' > ${conf}; nginx -s reload`);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nginx: [emerg] unknown directive "nonsense"')]);
  await sh('kill -HUP 1; sleep 1');
  expect(log()).toContain(`[emerg] 1#1: unknown directive "nonsense" in ${conf}:1\n`);
  expect(await curl('localhost')).toBe('first');
  await sh(`echo 'server { listen 81; return 200 second; }' > ${conf}; nginx -s reload; sleep 1`);
  expect(await curl('localhost:81')).toBe('second');
  expect((await node.exec(server.id, 'curl', '-s', 'localhost:80')).exitCode).toBe(7);
});

test('nginx alone goes into the background, and its container ends', async () => {
  const node = testNode();
  const { id } = await node.start('nginx', { command: ['nginx'] });
  await node.advance(1000);
  expect(node.status(id)).toMatchObject({ state: 'exited', exitCode: 0 });
});

test('nginx that is not root says what it may not do; the unprivileged image serves on 8080', async () => {
  const node = testNode();
  const refused = await node.start('nginx', { user: { uid: 1000 } });
  const served = await node.start('nginxinc/nginx-unprivileged');
  await node.advance(1000);
  expect(node.status(refused.id)).toMatchObject({ state: 'exited', exitCode: 1 });
  expect(node.log(refused.id)).toContain(
    'nginx: [warn] the "user" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:1\n',
  );
  expect(node.log(refused.id)).toMatch(/nginx: \[emerg\] mkdir\(\) "\/var\/cache\/nginx\/client_temp" failed \(13: Permission denied\)\n$/);
  expect((await node.exec(served.id, 'curl', '-s', 'localhost:8080')).stdout).toContain('Welcome to nginx!');
});

test('a port that somebody else of the pod has taken is tried five times', async () => {
  const node = testNode();
  const { id } = await node.start('nginx', { command: ['sh', '-c', 'nginx; sleep 1; nginx -g "daemon off;"'] });
  await node.advance(10_000);
  const log = node.log(id);
  expect(log.match(/nginx: \[emerg\] bind\(\) to 0\.0\.0\.0:80 failed \(98: Address already in use\)/g)).toHaveLength(5);
  expect(log).toMatch(/nginx: \[emerg\] still could not bind\(\)\n$/);
});

test('a server that passes requests on to itself comes to the end of its connections, and lives', async () => {
  const { node, curl, log, status } = await served('server { listen 80; location / { proxy_pass http://127.0.0.1; } location /ok { return 200 ok; } }');
  expect(await curl('localhost/')).toContain('502 Bad Gateway');
  expect(log()).toContain('1024 worker_connections are not enough\n');
  await node.advance(1000);
  expect(await curl('localhost/ok')).toBe('ok');
  expect(status()).toMatchObject({ state: 'running' });
});

test('endless bodies and expressions that take too long cost nginx nothing', async () => {
  const { node, server, curl } = await served(
    'server { client_max_body_size 1k; location ~ ^/(a+)+$ { return 200 match; } location / { return 200 plain; } location /up { proxy_pass http://127.0.0.1:81; } }',
  );
  await node.exec(
    server.id,
    'sh',
    '-c',
    `echo 'server { listen 81; root /srv; }' > /etc/nginx/conf.d/two.conf; mkdir /srv; head -c 9000000 /dev/zero > /srv/up; kill -HUP 1; sleep 1`,
  );
  expect(await curl('localhost/up')).toContain('502 Bad Gateway');
  expect(await curl(`localhost/${'a'.repeat(2000)}!`)).toBe('plain');
  expect(await curl('-d', 'x'.repeat(2000), 'localhost/')).toContain('413 Request Entity Too Large');
});

test('words of a configuration may be quoted, escaped and commented', () => {
  const [first, second] = parseConfig(`# nothing\na "b c" 'd;e' f\\ g \${x}y \\.z; # more\nb{c;}`, 'f');
  expect(first?.args).toEqual(['b c', 'd;e', 'f\\ g', `\${x}y`, '\\.z']);
  expect(second).toMatchObject({ name: 'b', block: [{ name: 'c', args: [], line: 3 }] });
});
