import { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate, type Deflate } from 'node:zlib';
import { expect, test } from 'vitest';
import { spdyDictionary } from './dictionary.ts';
import { controlFrame, dataFrame, FrameReader, flagFin, frameTypes, words } from './frames.ts';
import { EmptyHeaderWriter, HeaderReader } from './header-block.ts';
import { SpdySession } from './session.ts';
import type { SpdyStream } from './stream.ts';

/** The other end of the session's connection: what a client has been sent, and what it sends. */
class Wire extends Duplex {
  readonly frames = new FrameReader();
  readonly #waiting: (() => void)[] = [];

  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.frames.push(chunk);
    for (const wake of this.#waiting.splice(0)) wake();
    done();
  }
  async next() {
    for (;;) {
      const frame = this.frames.next();
      if (frame) return frame;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

/** Compresses header blocks as a client does: one zlib stream for all. */
class Headers {
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary });

  encode(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const parts: Buffer[] = [words(Object.keys(headers).length)];
    for (const [name, value] of Object.entries(headers)) parts.push(words(name.length), Buffer.from(name), words(value.length), Buffer.from(value));
    const out: Buffer[] = [];
    const collect = (chunk: Buffer) => out.push(chunk);
    this.#deflate.on('data', collect);
    return new Promise((resolve) => {
      this.#deflate.write(Buffer.concat(parts));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('data', collect);
        resolve(Buffer.concat(out));
      });
    });
  }
}

async function synStream(headers: Headers, id: number, fields: Readonly<Record<string, string>>): Promise<Buffer> {
  return controlFrame(frameTypes.synStream, 0, Buffer.concat([words(id, 0), Buffer.alloc(2), await headers.encode(fields)]));
}

function open(wire = new Wire()) {
  const streams: SpdyStream[] = [];
  let arrived = () => {};
  const seen = { closed: false };
  const session = new SpdySession(wire, {
    stream(stream) {
      streams.push(stream);
      arrived();
    },
    drain() {},
    closed() {
      seen.closed = true;
    },
  });
  const until = async (count: number) => {
    while (streams.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    return streams;
  };
  return { wire, session, streams, until, seen };
}

test('the dictionary is the one of the draft', () => {
  expect(spdyDictionary.length).toBe(1423);
  let [a, b] = [1, 0];
  for (const byte of spdyDictionary) [a, b] = [(a + byte) % 65_521, (b + a + byte) % 65_521];
  expect(((b << 16) | a) >>> 0).toBe(0xe3c6a7c2); // What Go announces in its zlib header.
});

test('frames are cut out of whatever pieces they come in', () => {
  const bytes = Buffer.concat([dataFrame(3, 0, Buffer.from('hello')), controlFrame(frameTypes.ping, 0, words(1)), dataFrame(5, flagFin, Buffer.alloc(0))]);
  for (const size of [1, 3, 8, 100]) {
    const reader = new FrameReader();
    const frames: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      reader.push(bytes.subarray(at, at + size));
      for (let frame = reader.next(); frame; frame = reader.next()) frames.push([frame.type, frame.streamId, frame.flags, frame.payload.toString('latin1')]);
    }
    expect(frames).toEqual([
      [undefined, 3, 0, 'hello'],
      [frameTypes.ping, 0, 0, '\0\0\0\x01'],
      [undefined, 5, flagFin, ''],
    ]);
  }
});

test('a frame that nobody could keep is refused', () => {
  const reader = new FrameReader();
  reader.push(words(1, 0xffffff));
  expect(() => reader.next()).toThrow('too large');
});

test('header blocks are one stream of zlib', async () => {
  const [headers, reader] = [new Headers(), new HeaderReader()];
  const blocks: Record<string, string>[] = [{ streamtype: 'error', port: '80' }, { StreamType: 'data', requestid: '0' }, {}];
  for (const fields of blocks) {
    const lower = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
    expect(Object.fromEntries(await reader.read(await headers.encode(fields)))).toEqual(lower);
  }
  await expect(reader.read(Buffer.from('no zlib at all'))).rejects.toThrow();
});

test('empty blocks can be inflated one after the other', async () => {
  const writer = new EmptyHeaderWriter();
  const inflate = createInflate();
  const out: Buffer[] = [];
  inflate.on('data', (chunk: Buffer) => out.push(chunk));
  for (let count = 1; count <= 3; count += 1) {
    await new Promise<void>((resolve) => {
      inflate.write(writer.next());
      inflate.flush(constants.Z_SYNC_FLUSH, () => resolve());
    });
    expect(Buffer.concat(out)).toEqual(Buffer.alloc(4 * count));
  }
});

test('every stream is answered at once, and what follows its header block is not lost', async () => {
  const { wire, until } = open();
  const headers = new Headers();
  // All in one piece: zlib answers later, and the data must wait for it.
  wire.push(
    Buffer.concat([
      await synStream(headers, 1, { streamtype: 'error' }),
      await synStream(headers, 3, { streamtype: 'stdin' }),
      dataFrame(3, 0, Buffer.from('early')),
      dataFrame(3, flagFin, Buffer.from('!')),
    ]),
  );
  const [error, stdin] = await until(2);
  expect([error?.headers.get('streamtype'), stdin?.headers.get('streamtype')]).toEqual(['error', 'stdin']);
  for (const id of [1, 3]) {
    const reply = await wire.next();
    expect([reply.type, reply.payload.readUInt32BE(0)]).toEqual([frameTypes.synReply, id]);
  }
  const received: string[] = [];
  await new Promise<void>((resolve) => {
    stdin?.receive({ data: (data) => received.push(data.toString()), end: () => resolve(), reset() {} });
  });
  expect(received.join('')).toBe('early!');
});

test('a ping is echoed', async () => {
  const { wire } = open();
  wire.push(controlFrame(frameTypes.ping, 0, words(7)));
  const frame = await wire.next();
  expect([frame.type, frame.payload.readUInt32BE(0)]).toEqual([frameTypes.ping, 7]);
});

test('the end is data, the closed halves, and GOAWAY, in this order', async () => {
  const { wire, session, until } = open();
  wire.push(await synStream(new Headers(), 1, { streamtype: 'stdout' }));
  const [stream] = await until(1);
  stream?.write(Buffer.alloc(40_000));
  stream?.end();
  session.end();
  const types: unknown[] = [];
  for (let count = 0; count < 5; count += 1) {
    const { type, flags, payload } = await wire.next();
    types.push([type, flags, type === frameTypes.synReply ? 0 : payload.length]);
  }
  expect(types).toEqual([
    [frameTypes.synReply, 0, 0],
    [undefined, 0, 32_768],
    [undefined, 0, 7232],
    [undefined, flagFin, 0],
    [frameTypes.goAway, 0, 8],
  ]);
});

test('a client that vanishes resets its streams, and one that does not speak SPDY is cut off', async () => {
  const vanishing = open();
  vanishing.wire.push(await synStream(new Headers(), 1, { streamtype: 'stdin' }));
  const [stream] = await vanishing.until(1);
  const reset = new Promise<void>((resolve) => stream?.receive({ data() {}, end() {}, reset: () => resolve() }));
  vanishing.wire.destroy();
  await reset;
  expect(vanishing.seen.closed).toBe(true);

  const confused = open();
  const closed = new Promise((resolve) => confused.wire.once('close', resolve));
  confused.wire.push(controlFrame(frameTypes.synStream, 0, Buffer.from('nonsense that is no header block')));
  await closed;
});

test('a receiver that is full stops the reading of frames', async () => {
  const { wire, session, until } = open();
  wire.push(await synStream(new Headers(), 1, { streamtype: 'stdin' }));
  const [stream] = await until(1);
  const received: string[] = [];
  let more = () => {};
  stream?.receive({
    data(data) {
      received.push(data.toString());
      more();
    },
    end() {},
    reset() {},
  });
  const release = session.holdInput();
  wire.push(dataFrame(1, 0, Buffer.from('a')));
  wire.push(dataFrame(1, 0, Buffer.from('b')));
  await new Promise((resolve) => setImmediate(resolve));
  expect(received).toEqual([]);
  const both = new Promise<void>((resolve) => (more = () => received.length === 2 && resolve()));
  release();
  await both;
  expect(received).toEqual(['a', 'b']);
});

test('what comes before somebody receives it holds the client back, and is handed over whole', async () => {
  const { wire, until } = open();
  wire.push(await synStream(new Headers(), 1, { streamtype: 'data' }));
  const [stream] = await until(1);
  const chunk = Buffer.alloc(64 * 1024);
  for (let count = 0; count < 8; count += 1) wire.push(dataFrame(1, 0, chunk));
  await new Promise((resolve) => setImmediate(resolve));
  expect(wire.isPaused()).toBe(true);
  let bytes = 0;
  await new Promise<void>((resolve) => {
    stream?.receive({
      data(data) {
        bytes += data.length;
        if (bytes === 8 * chunk.length) resolve();
      },
      end() {},
      reset() {},
    });
  });
  expect(wire.isPaused()).toBe(false);
});

test('a stream that is given up before somebody receives it holds nobody back', async () => {
  const { wire, until } = open();
  wire.push(await synStream(new Headers(), 1, { streamtype: 'data' }));
  const [stream] = await until(1);
  wire.push(dataFrame(1, 0, Buffer.alloc(512 * 1024)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(wire.isPaused()).toBe(true);
  stream?.reset();
  expect(wire.isPaused()).toBe(false);
});

test('a client that asks for answers and reads none is not listened to until it has', async () => {
  const unread: (() => void)[] = [];
  const wire = new Wire();
  wire._write = (_chunk, _encoding, done) => unread.push(done);
  open(wire);
  const ping = controlFrame(frameTypes.ping, 0, words(7));
  wire.push(Buffer.concat(Array.from({ length: 6000 }, () => ping)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(wire.isPaused()).toBe(true);
  expect(wire.writableLength).toBeLessThan(70_000);
  while (unread.length > 0) {
    for (const done of unread.splice(0)) done();
    await new Promise((resolve) => process.nextTick(resolve));
  }
  expect(wire.isPaused()).toBe(false);
});
