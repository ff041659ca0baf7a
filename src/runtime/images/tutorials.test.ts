import { expect, test } from 'vitest';
import { parseReference } from '../reference.ts';
import { testNode } from '../testing/node.ts';
import { createCatalogue } from './catalogue.ts';

const catalogue = createCatalogue();

function known(image: string): boolean {
  const reference = parseReference(image);
  return catalogue.find((one) => one.repository === reference.repository)?.versionOf(reference.tag as string) !== undefined;
}

test('the images that tutorials name are there', () => {
  const named = [
    ...[
      'gcr.io/google-samples/kubernetes-bootcamp:v1',
      'docker.io/jocatalin/kubernetes-bootcamp:v2',
      'kicbase/echo-server:1.0',
      'registry.k8s.io/echoserver:1.4',
    ],
    ...[
      'registry.k8s.io/busybox',
      'registry.k8s.io/busybox:1.27.2',
      'gcr.io/google-containers/busybox',
      'k8s.gcr.io/busybox',
      'busybox:1.28.3',
      'busybox:1.35-musl',
    ],
    ...[
      'nginx:1.7.9',
      'nginx:1.14.2',
      'nginx:1.17.3',
      'nginx:1.25.3-alpine-slim',
      'nginx:1.27-alpine3.21',
      'nginx:1.22.0',
      'nginx:stable-bullseye',
      'k8s.gcr.io/nginx-slim:0.8',
    ],
    ...[
      'registry.k8s.io/nginx-slim:0.24',
      'ikubernetes/myapp:v2',
      'wangyanglinux/myapp:v1',
      'redis:6.0.5',
      'redis:5.0.4',
      'redis:7.2-alpine3.20',
      'registry.k8s.io/hpa-example',
    ],
    ...[
      'gcr.io/google-samples/node-hello:1.0',
      'gcr.io/google-samples/hello-go-gke:1.0',
      'gcr.io/google-samples/hello-frontend:1.0',
      'registry.k8s.io/goproxy:0.1',
    ],
    ...[
      'vish/stress',
      'polinux/stress',
      'registry.k8s.io/etcd:3.5.1-0',
      'k8s.gcr.io/pause:3.2',
      'registry.aliyuncs.com/google_containers/pause:3.6',
      'registry.k8s.io/serve_hostname',
    ],
    ...[
      'gcr.io/kubernetes-e2e-test-images/dnsutils:1.3',
      'registry.k8s.io/e2e-test-images/nginx:1.15-4',
      'registry.k8s.io/e2e-test-images/httpd:2.4.38-4',
      'centos:7',
      'rockylinux:9',
    ],
    ...[
      'luksa/kubia',
      'hello-world',
      'golang:1.22-alpine',
      'openjdk:8-jdk-alpine',
      'nicolaka/netshoot',
      'radial/busyboxplus:curl',
      'docker.m.daocloud.io/library/nginx:1.25',
    ],
  ];
  expect(named.filter((image) => !known(image))).toEqual([]);
  // What a registry does not have stays absent.
  expect(
    ['nginx:1.41', 'nginx:1.25.6', 'nginx:1.25.03', 'ubuntu:24.03', 'gcr.io/google-samples/kubernetes-bootcamp:v10', 'k8s.gcr.io/nosuch'].filter(known),
  ).toEqual([]);
});

/** Starts an image and asks it as a client beside it would. */
async function asked(image: string, port: number, path = '/', change = {}) {
  const node = testNode();
  const server = await node.start(image, change);
  const client = await node.start('curlimages/curl', { command: ['sleep', '36000'] });
  await node.advance(1000);
  const ask = async (where = path) => (await node.exec(client.id, 'curl', '-s', `http://${server.ip}:${port}${where}`)).stdout;
  return { node, server, ask, first: await ask(), log: () => node.log(server.id) };
}

test('the application of Kubernetes Basics says where and in which version it runs, and counts', async () => {
  const { ask, first, log } = await asked('gcr.io/google-samples/kubernetes-bootcamp:v1', 8080);
  expect(first).toBe('Hello Kubernetes bootcamp! | Running on: pod-1 | v=1\n');
  await ask();
  expect(log()).toMatch(/^Kubernetes Bootcamp App Started At: \S+Z \| Running On: {2}pod-1 \n\nRunning On: pod-1 \| Total Requests: 1 \| App Uptime: \d/);
  expect(log()).toContain('| Total Requests: 2 |');
  expect((await asked('jocatalin/kubernetes-bootcamp:v2', 8080)).first).toContain('v=2');
});

test('small servers of tutorials answer as their tutorials show', async () => {
  expect((await asked('kicbase/echo-server:1.0', 8080, '/x')).first).toMatch(/^Request served by pod-1\n\nHTTP\/1\.1 GET \/x\n\nHost: 10\.244\.0\.\d+:8080\n/);
  expect((await asked('gcr.io/google-samples/node-hello:1.0', 8080)).first).toBe('Hello Kubernetes!');
  expect((await asked('gcr.io/google-samples/hello-go-gke:1.0', 80)).first).toBe('{"message":"Hello"}\n');
  expect((await asked('registry.k8s.io/serve_hostname', 9376)).first).toBe('pod-1');
  expect((await asked('registry.k8s.io/hpa-example', 80)).first).toBe('OK!');
  expect((await asked('registry.k8s.io/goproxy:0.1', 8080)).first).toContain('This is a proxy server.');
  expect((await asked('ikubernetes/myapp:v2', 80)).first).toBe('Hello MyApp | Version: v2 | <a href="hostname.html">Pod Name</a>\n');
  expect((await asked('ikubernetes/myapp:v1', 80, '/hostname.html')).first).toBe('pod-1\n');
  expect((await asked('registry.k8s.io/nginx-slim:0.24', 80)).first).toContain('Welcome to nginx!');
  expect((await asked('paulbouwer/hello-kubernetes:1.10', 8080, '/', { env: [{ name: 'MESSAGE', value: 'a < b' }] })).first).toContain('a &lt; b');
});

test("kubia's third version fails after four requests", async () => {
  const { ask, first, log } = await asked('luksa/kubia:v3', 8080);
  expect(first).toBe('This is v3 running in pod pod-1\n');
  for (let i = 0; i < 3; i++) await ask();
  expect(await ask()).toBe('Some internal error has occurred! This is pod pod-1\n');
  expect(log()).toMatch(/^Kubia server starting\.\.\.\nReceived request from ::ffff:10\.244\.0\.\d+\n/);
});

test('vish/stress takes memory in steps until it has all, or is killed for it', async () => {
  const node = testNode();
  const args = ['-mem-total', '64Mi', '-mem-alloc-size', '8Mi', '-mem-alloc-sleep', '1s'];
  const whole = await node.start('vish/stress', { args });
  const killed = await node.start('vish/stress', { args, resources: { memoryLimitBytes: 32 * 1024 ** 2 } });
  const wrong = await node.start('vish/stress', { args: ['-mem-total', 'much'] });
  await node.advance(10_000);
  expect(node.log(whole.id)).toMatch(
    /main\.go:26\] Allocating "64Mi" memory, in "8Mi" chunks, with a 1s sleep between allocations\n[\s\S]*main\.go:29\] Allocated "64Mi" memory\n$/,
  );
  expect(node.status(killed.id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  expect(node.status(wrong.id)).toMatchObject({ exitCode: 2 });
});

test("an etcd of one's own answers gRPC health checks where its clients come", async () => {
  const node = testNode();
  const command = ['/usr/local/bin/etcd', '--listen-client-urls', 'http://0.0.0.0:2379', '--advertise-client-urls', 'http://127.0.0.1:2379'];
  const { id, ip } = await node.start('registry.k8s.io/etcd:3.5.1-0', { command });
  const client = await node.start('busybox', { command: ['sleep', '36000'] });
  await node.advance(1000);
  expect(node.status(id)).toMatchObject({ state: 'running' });
  expect((await node.exec(client.id, 'nc', '-z', ip, '2379')).exitCode).toBe(0);
});
