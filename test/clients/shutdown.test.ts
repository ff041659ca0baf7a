/** A server that stops says goodbye: what clients read is whole, so that they do not take the end for an accident. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { nodesByCount, planNodes } from '../../server/cli/nodes.ts';
import { startServer } from '../../server/start-server.ts';

test('watches over HTTP and WebSocket and followed logs come to a proper end when the server stops', async () => {
  const nodes = planNodes('goodbye', nodesByCount(1));
  const clock = { clock: 'x20', clockStart: undefined, seed: 1 } as const;
  const server = await startServer({ name: 'goodbye', host: '127.0.0.1', port: 0, http: false, nodes, dnsPort: undefined, logLevel: 'error', ...clock });
  const tls = credentials(server.kubeconfigText);
  const open = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) =>
      request(server.server + path, { ...tls, agent: false }, resolve)
        .on('error', reject)
        .end(),
    );
  const running = await lineOf(await open('/api/v1/namespaces/kube-system/pods?watch=true'), '"phase":"Running"');
  const { object } = JSON.parse(running) as { object: { metadata: { name: string } } };
  const log = `/api/v1/namespaces/kube-system/pods/${object.metadata.name}/log?follow=true`;
  const streams = await Promise.all(['/api/v1/pods?watch=true', '/apis/apps/v1/deployments?watch=true&allowWatchBookmarks=true', log].map(open));
  const socket = new WebSocket(`${server.server.replace('https', 'wss')}/api/v1/pods?watch=true`, tls);
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const ends = streams.map(async (stream) => [stream.statusCode, (await textOf(stream)) !== '', stream.complete]);
  await server.stop();
  expect(await Promise.all(ends)).toEqual([
    [200, true, true],
    [200, true, true],
    [200, true, true],
  ]);
  expect(await closed).toBe(1000);
});

function credentials(kubeconfigText: string) {
  const config = new KubeConfig();
  config.loadFromString(kubeconfigText);
  const pem = (data: string | undefined) => Buffer.from(data ?? '', 'base64').toString();
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  return { ca: pem(cluster?.caData), cert: pem(user?.certData), key: pem(user?.keyData) };
}

/** The first line that holds `wanted`; the stream is given up then. */
function lineOf(stream: IncomingMessage, wanted: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.setEncoding('utf8').on('error', reject);
    stream.on('data', (chunk: string) => {
      text += chunk;
      const line = text
        .split('\n')
        .slice(0, -1)
        .find((one) => one.includes(wanted));
      if (line === undefined) return;
      resolve(line);
      stream.destroy();
    });
  });
}

function textOf(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    stream.on('end', () => resolve(text)).on('error', reject);
  });
}
