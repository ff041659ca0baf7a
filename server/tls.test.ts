import { X509Certificate } from 'node:crypto';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { createClusterPki } from './tls.ts';

const options = { names: ['default-control-plane', '172.18.0.2'], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local', nowMs: Date.now() };

test('the serving certificate is signed by the CA and valid for every name of the server', async () => {
  const pki = await createClusterPki(options);
  const serving = new X509Certificate(pki.serving.certificate);
  expect(serving.verify(new X509Certificate(pki.ca.certificate).publicKey)).toBe(true);
  for (const name of ['localhost', 'kubernetes.default.svc.cluster.local', 'default-control-plane']) expect(serving.checkHost(name)).toBe(name);
  for (const address of ['127.0.0.1', '::1', '10.96.0.1', '172.18.0.2']) expect(serving.checkIP(address)).toBe(address);
  expect(serving.checkHost('example.com')).toBeUndefined();
});

test('a TLS client is known by its certificate, and the server by the CA', async () => {
  const pki = await createClusterPki(options);
  const server = createServer({ key: pki.serving.key, cert: pki.serving.certificate, ca: pki.ca.certificate, requestCert: true }, (incoming, response) => {
    const socket = incoming.socket as TLSSocket;
    const { CN, O } = socket.getPeerCertificate().subject;
    response.end(JSON.stringify({ authorized: socket.authorized, CN, O }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const body = await new Promise<string>((resolve, reject) => {
    const port = (server.address() as AddressInfo).port;
    request({ host: '127.0.0.1', port, ca: pki.ca.certificate, key: pki.admin.key, cert: pki.admin.certificate }, (response) => {
      response.on('data', (chunk) => resolve(String(chunk)));
    })
      .on('error', reject)
      .end();
  });
  server.close();
  expect(JSON.parse(body)).toEqual({ authorized: true, CN: 'kubernetes-admin', O: 'system:masters' });
});
