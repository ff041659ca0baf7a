import { expect, test } from 'vitest';
import type { Connection } from '../kernel/types.ts';
import { decodeHealthRequest, decodeHealthResponse, encodeHealthRequest, encodeHealthResponse, frameMessage, unframeMessage } from './grpc-health.ts';
import { decodeHeaders, encodeFrame, encodeHeaders, FrameReader, Http2Error } from './http2.ts';
import { clientHello, TlsClientConnection, TlsServerConnection } from './tls.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined | null) => (data ? Buffer.from(data).toString('latin1') : data);

/** One end of a connection that a test feeds and looks into. */
function end(incoming: readonly (Uint8Array | null)[] = []) {
  const queue = [...incoming];
  const sent: Uint8Array[] = [];
  const connection: Connection = {
    localAddress: '10.0.0.1',
    localPort: 1,
    remoteAddress: '10.0.0.2',
    remotePort: 2,
    write: (data) => sent.push(data) > 0,
    end: () => {},
    destroy: () => {},
    read: () => (queue.length > 0 ? (queue.shift() as Uint8Array | null) : undefined),
    onReadable: () => () => {},
    onDrain: () => () => {},
  };
  return { connection, sent, feed: (data: Uint8Array | null) => queue.push(data) };
}

test('two ends shake hands and carry data of any size, in pieces of any size', () => {
  const [near, far] = [end(), end()];
  const client = new TlsClientConnection(near.connection);
  const server = new TlsServerConnection(far.connection);
  client.write(bytes('x'.repeat(40_000)));
  for (const one of Buffer.concat(near.sent.splice(0))
    .toString('latin1')
    .match(/[\s\S]{1,1000}/g) ?? [])
    far.feed(Buffer.from(one, 'latin1'));
  let got = '';
  for (let data = server.read(); data; data = server.read()) got += text(data);
  expect(got).toBe('x'.repeat(40_000));
  server.write(bytes('answer'));
  for (const one of far.sent) near.feed(one);
  expect(text(client.read())).toBe('answer');
  near.feed(null);
  expect(client.read()).toBeNull();
});

test('whoever does not speak TLS, or offers other ciphers, is turned away', () => {
  const plain = end([bytes('GET / HTTP/1.1\r\n\r\n')]);
  expect(() => new TlsServerConnection(plain.connection).read()).toThrow();
  expect(text(plain.sent[0])).toBe('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
  const hello = clientHello();
  hello.set([0x13, 0x01], 46); // A real cipher in place of the private one.
  const stranger = end([hello]);
  expect(() => new TlsServerConnection(stranger.connection).read()).toThrow();
  expect([...(stranger.sent[0] as Uint8Array)]).toEqual([21, 3, 3, 0, 2, 2, 40]);
  for (const [answer, message] of [
    [bytes('HTTP/1.1 200 OK'), 'http: server gave HTTP response to HTTPS client'],
    [bytes('-ERR no'), 'tls: first record does not look like a TLS handshake'],
    [stranger.sent[0] as Uint8Array, 'remote error: tls: handshake failure'],
  ] as const) {
    expect(() => new TlsClientConnection(end([answer]).connection).read()).toThrow(message);
  }
});

test('frames and header blocks survive being cut anywhere, and what is beyond the subset is an error', () => {
  const headers = [
    [':path', '/x'],
    ['te', 'trailers'],
  ] as const;
  const frame = encodeFrame({ type: 1, flags: 4, streamId: 1, payload: encodeHeaders(headers) });
  const reader = new FrameReader();
  for (const byte of frame.subarray(0, -1)) {
    reader.push(new Uint8Array([byte]));
    expect(reader.take()).toBeUndefined();
  }
  reader.push(frame.subarray(-1));
  const read = reader.take();
  expect(read && decodeHeaders(read.payload)).toEqual(headers);
  for (const block of [[0x82], [0, 0x83, 1, 2, 3], [0, 5, 65], [0], [0, 127]]) expect(() => decodeHeaders(new Uint8Array(block))).toThrow(Http2Error);
  const huge = new FrameReader();
  huge.push(bytes('HTTP/1.1 400 Bad Request'));
  expect(() => huge.take()).toThrow(Http2Error);
});

test('health messages name any service and any status', () => {
  for (const name of ['', 'shop', 'x'.repeat(300), 'ü']) expect(decodeHealthRequest(encodeHealthRequest(name))).toBe(name);
  expect(decodeHealthRequest(bytes('junk'))).toBeUndefined();
  for (const status of ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const)
    expect(decodeHealthResponse(encodeHealthResponse(status))).toBe(status);
  expect(decodeHealthResponse(new Uint8Array([8, 9]))).toBe('9');
  expect(text(unframeMessage(frameMessage(bytes('hi'))))).toBe('hi');
  expect(unframeMessage(frameMessage(bytes('hi')).subarray(0, 6))).toBeUndefined();
});
