/** What a response is made of, in the order in which it comes. */
export interface ResponseEvents {
  head(status: number): void;
  /** A piece of the decoded body; it shares memory with what was fed. */
  body(bytes: Buffer): void;
  end(): void;
}

type State = 'head' | 'fixed' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer';

const headEnd = '\r\n\r\n';
const lineEnd = '\r\n';

/**
 * Reads HTTP/1.1 responses out of the bytes of one connection, as cheaply as can be: bodies are passed on in the pieces they come in,
 * and of the head only the status and the framing are looked at. Interim (1xx) answers are left out.
 */
export class ResponseReader {
  #state: State = 'head';
  /** The beginning of a head or line whose end has not come yet. */
  #unfinished: Buffer | undefined;
  /** Bytes that the present body, chunk or chunk end still lacks. */
  #left = 0;

  constructor(readonly events: ResponseEvents) {}

  feed(piece: Buffer): void {
    let bytes = piece;
    if (this.#unfinished) {
      bytes = Buffer.concat([this.#unfinished, piece]);
      this.#unfinished = undefined;
    }
    let at = 0;
    while (at >= 0 && at < bytes.length) at = this.#step(bytes, at);
  }

  /** Takes one part of a response; returns where the next begins, -1 if it is not all there. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#upTo(headEnd, bytes, at, (text) => this.#head(text));
      case 'chunk size':
        return this.#upTo(lineEnd, bytes, at, (text) => this.#chunkSize(text));
      case 'trailer':
        return this.#upTo(lineEnd, bytes, at, (text) => {
          if (text === '') this.#finish();
        });
      case 'chunk end':
        return this.#take(bytes, at, false);
      default:
        return this.#take(bytes, at, true);
    }
  }

  #upTo(mark: string, bytes: Buffer, at: number, found: (text: string) => void): number {
    const end = bytes.indexOf(mark, at, 'latin1');
    if (end < 0) {
      this.#unfinished = bytes.subarray(at);
      return -1;
    }
    found(bytes.toString('latin1', at, end));
    return end + mark.length;
  }

  #take(bytes: Buffer, at: number, isBody: boolean): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (isBody) this.events.body(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === 'fixed') this.#finish();
    else if (this.#state === 'chunk') {
      this.#state = 'chunk end';
      this.#left = lineEnd.length;
    } else this.#state = 'chunk size';
    return end;
  }

  #head(text: string): void {
    const status = Number(text.slice(9, 12));
    if (status < 200) return;
    this.events.head(status);
    const length = /\r\ncontent-length: *(\d+)/i.exec(text);
    if (/\r\ntransfer-encoding: *chunked/i.test(text)) this.#state = 'chunk size';
    else {
      this.#left = Number(length?.[1] ?? 0);
      if (this.#left > 0) this.#state = 'fixed';
      else this.#finish();
    }
  }

  #chunkSize(text: string): void {
    this.#left = Number.parseInt(text, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'chunk';
  }

  #finish(): void {
    this.#state = 'head';
    this.events.end();
  }
}
