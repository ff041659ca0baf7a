/**
 * TLS as the simulated network knows it: records, hellos, certificates and alerts have their real shape, but nothing is encrypted,
 * since the bytes never leave this process. Whoever shows a certificate need not prove that it has the key.
 *
 * Differs from upstream: the only cipher suite is one of the private range that stands for clear text. A real TLS client, such as
 * one behind a port-forward, does not offer it and is turned away with the alert handshake_failure.
 */
import type { Connection } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';

/** "Clear text, inside one process": from the range that the registry of cipher suites keeps for private use. */
const clearTextSuite = 0xff50;
const recordHeadBytes = 5;
/** The largest record that the protocol allows. */
const maxRecordBytes = 2 ** 14;
/** A hello larger than this is not read to its end. */
const maxHelloBytes = 2 ** 14 + recordHeadBytes;

const contentType = { alert: 21, handshake: 22, data: 23 } as const;
const handshakeType = { clientHello: 1, serverHello: 2, certificate: 11, serverHelloDone: 14 } as const;
const alertCode = { closeNotify: 0, handshakeFailure: 40 } as const;

/** A handshake that failed on the client's side, in the words of Go's crypto/tls or net/http. */
export class TlsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TlsError';
  }
}

function record(type: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(recordHeadBytes + body.length);
  out.set([type, 3, 3, body.length >> 8, body.length & 0xff]);
  out.set(body, recordHeadBytes);
  return out;
}

const alert = (code: number) => record(contentType.alert, new Uint8Array([2, code]));

/** A hello of either side with one cipher suite; the random part is all zero, for nothing depends on it. */
function hello(type: number): Uint8Array {
  const suite = [clearTextSuite >> 8, clearTextSuite & 0xff];
  const suites = type === handshakeType.clientHello ? [0, 2, ...suite] : suite;
  const compression = type === handshakeType.clientHello ? [1, 0] : [0];
  const body = [3, 3, ...new Array<number>(32).fill(0), 0, ...suites, ...compression];
  return message(type, new Uint8Array(body));
}

const length24 = (length: number) => [length >> 16, (length >> 8) & 0xff, length & 0xff];

/** A message of the handshake, in a record of its own. */
function message(type: number, body: Uint8Array): Uint8Array {
  return record(contentType.handshake, Buffer.concat([Buffer.from([type, ...length24(body.length)]), body]));
}

/** What a server shows of itself; no list at all if it has none. */
function certificateMessage(certificates: readonly Uint8Array[]): Uint8Array {
  const list = Buffer.concat(certificates.flatMap((one) => [Buffer.from(length24(one.length)), one]));
  return message(handshakeType.certificate, Buffer.concat([Buffer.from(length24(list.length)), list]));
}

/** The certificates of such a message's body; those that are cut off are left out. */
function readCertificates(body: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 7; at + 3 <= body.length; ) {
    const length = ((body[at] as number) << 16) | ((body[at + 1] as number) << 8) | (body[at + 2] as number);
    if (at + 3 + length > body.length) break;
    found.push(body.slice(at + 3, at + 3 + length));
    at += 3 + length;
  }
  return found;
}

/** Whether a whole ClientHello record offers the one suite that there is. */
function offersClearText(body: Uint8Array): boolean {
  const sessionBytes = body[38] ?? 0;
  const at = 39 + sessionBytes;
  const length = ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);
  for (let index = at + 2; index < at + 2 + length && index + 1 < body.length; index += 2) {
    if ((((body[index] as number) << 8) | (body[index + 1] as number)) === clearTextSuite) return true;
  }
  return false;
}

/** Whether the first bytes of a connection are those of a TLS client. */
export const beginsWithTls = (data: Uint8Array): boolean => data[0] === contentType.handshake;

/** What a client sends first. */
export const clientHello = (): Uint8Array => hello(handshakeType.clientHello);

/** Bytes that arrive, taken apart into records. */
class RecordBuffer {
  #held: Uint8Array = new Uint8Array(0);

  get held(): Uint8Array {
    return this.#held;
  }

  push(data: Uint8Array): void {
    this.#held = this.#held.length === 0 ? data : Buffer.concat([this.#held, data]);
  }

  /** The next whole record. */
  take(): { readonly type: number; readonly body: Uint8Array } | undefined {
    if (this.#held.length < recordHeadBytes) return undefined;
    const length = ((this.#held[3] as number) << 8) | (this.#held[4] as number);
    if (this.#held.length < recordHeadBytes + length) return undefined;
    const body = this.#held.slice(recordHeadBytes, recordHeadBytes + length);
    const type = this.#held[0] as number;
    this.#held = this.#held.subarray(recordHeadBytes + length);
    return { type, body };
  }
}

/** A connection inside another one: what is written goes out in records, what is read comes out of them. */
abstract class RecordConnection implements Connection {
  protected readonly records = new RecordBuffer();
  protected established = false;
  #ended = false;

  constructor(protected readonly raw: Connection) {}

  get localAddress(): string {
    return this.raw.localAddress;
  }
  get localPort(): number {
    return this.raw.localPort;
  }
  get remoteAddress(): string {
    return this.raw.remoteAddress;
  }
  get remotePort(): number {
    return this.raw.remotePort;
  }

  write(data: Uint8Array): boolean {
    let room = true;
    for (let at = 0; at < data.length; at += maxRecordBytes) room = this.raw.write(record(contentType.data, data.subarray(at, at + maxRecordBytes)));
    return room;
  }

  end(): void {
    if (this.established) this.raw.write(alert(alertCode.closeNotify));
    this.raw.end();
  }

  destroy(): void {
    this.raw.destroy();
  }

  read(): Uint8Array | undefined | null {
    for (;;) {
      if (this.#ended) return null;
      if (this.established || this.handshake()) {
        const next = this.records.take();
        if (next?.type === contentType.data) return next.body;
        if (next) {
          this.#ended = true;
          continue;
        }
      }
      if (!this.#receive()) return undefined;
    }
  }

  /** Goes on with the handshake as far as bytes are there; true once it is done, or the other side has closed. Throws if it fails. */
  shakeHands(): boolean {
    while (!this.#ended && !this.established && !this.handshake()) if (!this.#receive()) return false;
    return true;
  }

  /** Takes what has arrived; false if nothing has. */
  #receive(): boolean {
    const data = this.raw.read();
    if (data === undefined) return false;
    if (data === null) this.#ended = true;
    else this.records.push(data);
    return true;
  }

  onReadable(callback: () => void): () => void {
    return this.raw.onReadable(callback);
  }

  onDrain(callback: () => void): () => void {
    return this.raw.onDrain(callback);
  }

  /** Takes from `records` what belongs to the handshake; true once it is done. Throws if it fails. */
  protected abstract handshake(): boolean;
}

/** The client's side. The hello goes out at once; data may follow it without waiting, as the two ends agree beforehand. */
export class TlsClientConnection extends RecordConnection {
  #certificates: readonly Uint8Array[] = [];

  constructor(raw: Connection) {
    super(raw);
    raw.write(clientHello());
  }

  /** What the server has shown, DER, its own first; known once the handshake is done. */
  get serverCertificates(): readonly Uint8Array[] {
    return this.#certificates;
  }

  protected handshake(): boolean {
    const { held } = this.records;
    if (held.length < recordHeadBytes) return false;
    if (Buffer.from(held.subarray(0, recordHeadBytes)).toString('latin1') === 'HTTP/') throw new TlsError('http: server gave HTTP response to HTTPS client');
    if (held[0] !== contentType.handshake && held[0] !== contentType.alert) throw new TlsError('tls: first record does not look like a TLS handshake');
    for (let answer = this.records.take(); answer; answer = this.records.take()) {
      if (answer.type !== contentType.handshake) throw new TlsError('remote error: tls: handshake failure');
      if (answer.body[0] === handshakeType.certificate) this.#certificates = readCertificates(answer.body);
      this.established = answer.body[0] === handshakeType.serverHelloDone;
      if (this.established) return true;
    }
    return false;
  }
}

/** The server's side: answers the first record, turns away whoever speaks something else (and reads as reset then). */
export class TlsServerConnection extends RecordConnection {
  /** @param certificates what it shows of itself, DER, its own first; all of them fit into one record */
  constructor(
    raw: Connection,
    readonly certificates: readonly Uint8Array[] = [],
  ) {
    super(raw);
  }

  protected handshake(): boolean {
    const { held } = this.records;
    if (held.length === 0) return false;
    if (held[0] !== contentType.handshake) return this.#refusePlainText();
    if (held.length > maxHelloBytes) return this.#refuse();
    const first = this.records.take();
    if (!first) return false;
    if (first.body[0] !== handshakeType.clientHello || !offersClearText(first.body)) return this.#refuse();
    this.raw.write(hello(handshakeType.serverHello));
    if (this.certificates.length > 0) this.raw.write(certificateMessage(this.certificates));
    this.raw.write(message(handshakeType.serverHelloDone, new Uint8Array(0)));
    this.established = true;
    return true;
  }

  /** As Go's HTTP server answers one who does not know that it wants TLS. */
  #refusePlainText(): boolean {
    if (/^[A-Z]+ /.test(Buffer.from(this.records.held.subarray(0, 16)).toString('latin1'))) {
      this.raw.write(new TextEncoder().encode('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'));
    }
    return this.#close();
  }

  #refuse(): boolean {
    this.raw.write(alert(alertCode.handshakeFailure));
    return this.#close();
  }

  #close(): never {
    this.raw.end();
    throw new SystemError('ECONNRESET');
  }
}
