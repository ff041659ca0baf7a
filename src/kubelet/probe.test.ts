import { expect, test } from 'vitest';
import type { Pod, Probe } from '../../generated/types/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import type { DescribedImage } from '../runtime/index.ts';
import { testNode } from '../runtime/testing/node.ts';
import type { ContainerConfig } from '../runtime/types.ts';
import type { Connection } from '../shell/kernel/types.ts';
import type { ProbeOutcome } from './probe.ts';
import { runProbe } from './probe.ts';

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.53';

/** A container on a node, and how a probe of it ends within so many simulated milliseconds. */
async function probed(image: string, change: Partial<ContainerConfig> = {}, described: readonly DescribedImage[] = []) {
  const node = testNode(described);
  const started = await node.start(image, change);
  await node.advance(2000);
  const pod: Pod = { metadata: { name: 'p', namespace: 'd', uid: 'u' } };
  const container = { name: 'c', ports: [{ name: 'web', containerPort: 8080 }] };
  const target = { pod, container, containerId: started.id, sandboxId: started.sandbox, ip: started.ip };
  const probe = async (wanted: Probe, ms = 100): Promise<ProbeOutcome> => {
    const outcome = runProbe(node.env, node.runtime, wanted, target);
    await node.advance(ms);
    return await outcome;
  };
  return { node, ...started, probe };
}

const failure = (output: string) => ({ result: 'failure', output });

test('a gRPC probe tells whether the service serves, is ill, or is not known', async () => {
  const { probe, node } = await probed(agnhost, { args: ['grpc-health-checking', '--service=shop', '--delay-unhealthy-sec=10'] });
  const asks = (service: string) => probe({ grpc: { port: 5000, service } });
  expect(await asks('shop')).toEqual({ result: 'success', output: 'service healthy' });
  expect(await asks('other')).toEqual(failure('error: health rpc probe failed: rpc error: code = NotFound desc = unknown service'));
  await node.advance(10_000);
  expect(await asks('shop')).toEqual(failure('service unhealthy (responded with "NOT_SERVING")'));
});

test('a gRPC probe of a port where nobody, or something else, listens ends with its timeout', async () => {
  const { probe, ip } = await probed(agnhost, { args: ['netexec'] });
  for (const port of [5000, 8080]) {
    const text = `timeout: failed to connect service "${ip}:${port}" within 3s: context deadline exceeded`;
    expect(await probe({ grpc: { port }, timeoutSeconds: 3 }, 3000)).toEqual(failure(text));
  }
});

test('a described image answers gRPC health checks', async () => {
  const image = { name: 'shop/cart', behaviour: { grpcPorts: [9000], failEvery: 2 } };
  const { probe } = await probed('shop/cart', {}, [image]);
  expect((await probe({ grpc: { port: 9000 } })).output).toBe('service healthy');
  expect((await probe({ grpc: { port: 9000, service: 'any' } })).output).toBe('service unhealthy (responded with "NOT_SERVING")');
});

test('an HTTPS probe takes any certificate, and says when the other side speaks plain HTTP or nothing of the kind', async () => {
  const secure = await probed(agnhost, { args: ['netexec', '--tls-cert-file=/a', '--tls-private-key-file=/b'] });
  expect(await secure.probe({ httpGet: { port: 'web', path: '/echo?msg=hi', scheme: 'HTTPS' } })).toEqual({ result: 'success', output: 'hi' });
  expect(await secure.probe({ httpGet: { port: 8080 } })).toEqual(failure('HTTP probe failed with statuscode: 400'));
  const plain = await probed(agnhost, { args: ['netexec'] });
  expect(await plain.probe({ httpGet: { port: 8080, path: '/x', scheme: 'HTTPS' } })).toEqual(
    failure(`Get "https://${plain.ip}:8080/x": http: server gave HTTP response to HTTPS client`),
  );
  const nginx = await probed('nginx:1.25');
  expect((await nginx.probe({ httpGet: { port: 80, scheme: 'HTTPS' } })).output).toMatch(/server gave HTTP response to HTTPS client$/);
  const grpc = await probed(agnhost, { args: ['grpc-health-checking'] });
  expect((await grpc.probe({ httpGet: { port: 5000, scheme: 'HTTPS' } })).output).toMatch(/first record does not look like a TLS handshake$/);
});

test('a redirect to the same host is followed, ten times at most; one to another host is a success with a warning', async () => {
  const { probe, ip } = await probed(agnhost, { args: ['netexec'] });
  const to = (location: string) => ({ httpGet: { port: 8080, path: `/redirect?location=${encodeURIComponent(location)}` } });
  expect(await probe(to('/echo?msg=here'))).toEqual({ result: 'success', output: 'here' });
  expect(await probe(to(`http://${ip}:8080/nosuch`))).toEqual(failure('HTTP probe failed with statuscode: 404'));
  expect(await probe(to('http://example.com/'))).toEqual({ result: 'warning', output: 'Probe terminated redirects, Response body: ' });
  const around = await probed('busybox', {
    command: ['sh', '-c', "while :; do printf 'HTTP/1.1 302 Found\\r\\nLocation: /again\\r\\n\\r\\n' | nc -l -p 8080; done"],
  });
  expect((await around.probe({ httpGet: { port: 8080, path: '/' } }, 900)).output).toBe('Get "/again": stopped after 10 redirects');
});

test('a probe names itself, sends its headers, and leaves an empty Accept out', async () => {
  const { probe } = await probed(agnhost, { args: ['netexec'] });
  const header = async (key: string, httpHeaders: { name: string; value: string }[] = []) =>
    (await probe({ httpGet: { port: 8080, path: `/header?key=${key}`, httpHeaders } })).output;
  expect(await header('User-Agent')).toBe('kube-probe/1.33');
  expect(await header('Accept')).toBe('*/*');
  expect(await header('Accept', [{ name: 'accept', value: '' }])).toBe('');
  expect(await header('Host', [{ name: 'Host', value: 'shop.example.com' }])).toBe('shop.example.com');
  expect(await header('X-Probe', [{ name: 'X-Probe', value: 'yes' }])).toBe('yes');
});

test('a named port that the container does not have leaves the result unknown', async () => {
  const { probe } = await probed('registry.k8s.io/pause:3.10');
  expect(await probe({ tcpSocket: { port: 'nosuch' } })).toEqual({ result: 'unknown', output: 'strconv.Atoi: parsing "nosuch": invalid syntax' });
});

test('a probe leaves no connection behind when its time is over, not even one that is made only then', async () => {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  let open = 0;
  const silent = (): Connection => {
    open += 1;
    return { write: () => true, read: () => undefined, onReadable: () => () => {}, destroy: () => (open -= 1) } as unknown as Connection;
  };
  for (const connectMs of [0, 5000]) {
    let made = 0;
    const connect = async () => {
      made += 1;
      await env.loop.sleep(connectMs, 'slow network');
      return silent();
    };
    const runtime = { host: { connect } } as unknown as Parameters<typeof runProbe>[1];
    const target = { pod: {}, container: { name: 'c' }, containerId: 'c', sandboxId: 's', ip: '10.0.0.1' };
    const probes: Probe[] = [{ grpc: { port: 80 } }, { httpGet: { port: 80 } }, { tcpSocket: { port: 80 } }];
    const outcomes = Promise.all(probes.map((probe) => runProbe(env, runtime, probe, target)));
    await env.loop.advance(60_000);
    await outcomes;
    expect([made, open]).toEqual([3, 0]);
  }
});

test('a server whose answer has no end to its head is given up', async () => {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const chunk = Buffer.alloc(1024 ** 2, 'a');
  const endless = { write: () => true, read: () => chunk, onReadable: () => () => {}, destroy: () => {} } as unknown as Connection;
  const runtime = { host: { connect: async () => endless } } as unknown as Parameters<typeof runProbe>[1];
  const target = { pod: {}, container: { name: 'c' }, containerId: 'c', sandboxId: 's', ip: '10.0.0.1' };
  const outcome = await runProbe(env, runtime, { httpGet: { port: 80 }, timeoutSeconds: 3600 }, target);
  expect(outcome).toEqual(failure('Get "http://10.0.0.1:80/": net/http: server response headers exceeded 10485760 bytes; aborted'));
});

test('a command that cannot be started leaves its probe unknown, in the words of the CRI; of one that says much 10 KiB are kept', async () => {
  const { probe } = await probed(agnhost, { args: ['netexec'] });
  const unknown = await probe({ exec: { command: ['nosuch'] } });
  expect(unknown.result).toBe('unknown');
  expect(unknown.output).toMatch(
    /^rpc error: code = Unknown desc = failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: .*: exec: "nosuch": executable file not found in \$PATH: unknown$/,
  );
  const long = await probe({ exec: { command: ['sh', '-c', 'echo oops >&2; yes | head -c 20000; exit 1'] } }, 1000);
  expect(long).toEqual(failure('y\n'.repeat(5120)));
});

test('a probe of a host name is told that nobody knows it', async () => {
  const { probe } = await probed(agnhost, { args: ['netexec'] });
  const why = 'dial tcp: lookup nosuch.example.com: no such host';
  expect(await probe({ httpGet: { host: 'nosuch.example.com', port: 80, path: '/x' } })).toEqual(failure(`Get "http://nosuch.example.com:80/x": ${why}`));
  expect(await probe({ tcpSocket: { host: 'nosuch.example.com', port: 80 } })).toEqual(failure(why));
});
