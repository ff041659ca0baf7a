import { ByteQueue } from './byte-queue.ts';
import type { OutputListener } from './host-stream.ts';
import { HostOutput } from './host-stream.ts';
import type { OpenFile } from './open-file.ts';
import type { FileStat, Signal, Terminal } from './types.ts';
import { SystemError } from './types.ts';
import { WaitList } from './wait-list.ts';

const newline = 10;
const carriageReturn = 13;
const controlC = 3;
const controlD = 4;
const backspace = 8;
const controlU = 21;
const controlW = 23;
const controlZ = 26;
const controlBackslash = 28;
const del = 127;

/** Lines typed but not read yet; what comes beyond is dropped, as the kernel drops it. */
const inputLimitBytes = 65_536;

/** A terminal: the line discipline between what a user types and what a program reads. */
export class Tty implements OpenFile, Terminal {
  references = 0;
  readonly canRead = true;
  readonly canWrite = true;
  readonly name = '/dev/pts/0';
  echo = true;
  signals = true;
  mapReturn = true;
  postProcess = true;
  foregroundGroup = 0;
  /** The process that the terminal was given to, with its descendants; they lose it together. */
  session = 0;
  columns: number;
  rows: number;
  /** Set by the container: sends a signal to a process group. */
  signalGroup: (group: number, signal: Signal) => void = () => {};
  readonly #output: HostOutput;
  readonly #input = new ByteQueue();
  readonly #readers = new WaitList();
  #line: number[] = [];
  /** Ends of input (^D on an empty line) that wait to be read. */
  #ends = 0;
  #canonical = true;
  #hungUp = false;

  constructor(listener: OutputListener, size: { readonly columns: number; readonly rows: number } = { columns: 80, rows: 24 }) {
    this.#output = new HostOutput(listener);
    this.columns = size.columns;
    this.rows = size.rows;
  }

  get terminal(): Terminal {
    return this;
  }

  get canonical(): boolean {
    return this.#canonical;
  }
  /** What was typed of a line so far can be read at once when lines are no longer collected. */
  set canonical(on: boolean) {
    this.#canonical = on;
    if (on || this.#line.length === 0) return;
    this.#flushLine();
    this.#readers.wakeAll();
  }

  // The user's side

  /** What the user typed. */
  input(data: Uint8Array): void {
    for (const typed of data) {
      const byte = this.mapReturn && typed === carriageReturn ? newline : typed;
      if (this.signals && this.#signalled(byte)) continue;
      if (this.#canonical) this.#edit(byte);
      else this.#takeKey(byte);
    }
    if (this.#input.size > 0 || this.#ends > 0) this.#readers.wakeAll();
  }

  /** The window has a new size: the foreground group gets WINCH. */
  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    this.signalGroup(this.foregroundGroup, 'WINCH');
  }

  /** The user's side has gone: readers get the end, the foreground group and the terminal's own get HUP, output is dropped. */
  hangup(): void {
    if (this.#hungUp) return;
    this.#hungUp = true;
    this.#output.discard();
    this.#readers.wakeAll();
    for (const group of new Set([this.session, this.foregroundGroup])) this.signalGroup(group, 'HUP');
  }

  resumeOutput(): void {
    this.#output.resume();
  }

  /** Nobody watches any more; programs go on, their output is dropped. */
  discardOutput(): void {
    this.#output.discard();
  }

  // The programs' side

  read(max: number): Uint8Array | null | undefined {
    // Where lines are collected, a read gives no more than one.
    if (this.#input.size > 0) return this.#canonical ? this.#input.takePiece(max) : this.#input.take(max);
    if (this.#ends > 0) {
      this.#ends -= 1;
      return null;
    }
    return this.#hungUp ? null : undefined;
  }

  write(data: Uint8Array): number {
    if (!this.postProcess) return this.#output.write(data);
    const cooked = withCarriageReturns(data);
    const taken = this.#output.write(cooked);
    if (taken === cooked.length) return data.length;
    let source = 0;
    for (let i = 0; i < taken; source += 1) i += data[source] === newline ? 2 : 1;
    return source;
  }

  readable(): boolean {
    return this.#input.size > 0 || this.#ends > 0 || this.#hungUp;
  }
  onReadable(wake: () => void): () => void {
    return this.#readers.add(wake);
  }
  onWritable(wake: () => void): () => void {
    return this.#output.onWritable(wake);
  }
  seek(): number {
    throw new SystemError('ESPIPE');
  }
  stat(): FileStat {
    return { type: 'character', mode: 0o620, uid: 0, gid: 5, size: 0, nlink: 1, mtimeMs: 0, inode: 3, device: 136 };
  }
  release(): void {
    this.#output.release();
  }

  /** Whether the key was one that sends a signal. */
  #signalled(byte: number): boolean {
    if (byte === controlC) this.#interrupt('INT', '^C');
    else if (byte === controlBackslash) this.#interrupt('QUIT', '^\\');
    else if (byte === controlZ) this.#interrupt('TSTP', '^Z');
    else return false;
    return true;
  }

  /** One key where lines are not collected. */
  #takeKey(byte: number): void {
    this.#accept([byte]);
    this.#echoKey(byte);
  }

  /** One key in line mode. */
  #edit(byte: number): void {
    switch (byte) {
      case controlD:
        if (this.#line.length > 0) this.#flushLine();
        else this.#ends += 1;
        return;
      case backspace:
      case del:
        this.#erase(1);
        return;
      case controlU:
        this.#erase(this.#line.length);
        return;
      case controlW:
        this.#erase(wordLength(this.#line));
        return;
      case newline:
        this.#line.push(newline);
        this.#echoKey(newline);
        this.#flushLine();
        return;
      default:
        this.#line.push(byte);
        this.#echoKey(byte);
    }
  }

  #echoKey(byte: number): void {
    if (byte === newline) this.#echo(this.postProcess ? '\r\n' : '\n');
    else if (byte < 32 && byte !== 9) this.#echo(`^${String.fromCharCode(byte + 64)}`);
    else this.#echoByte(byte);
  }

  #interrupt(signal: Signal, shown: string): void {
    this.#echo(shown);
    this.#line = [];
    this.#input.clear();
    this.signalGroup(this.foregroundGroup, signal);
  }

  #erase(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const removed = popCharacter(this.#line);
      if (removed === undefined) return;
      this.#echo(removed < 32 && removed !== 9 ? '\b \b\b \b' : '\b \b');
    }
  }

  #flushLine(): void {
    this.#accept(this.#line);
    this.#line = [];
  }

  #accept(bytes: readonly number[]): void {
    if (this.#input.size + bytes.length <= inputLimitBytes) this.#input.push(Uint8Array.from(bytes));
  }

  #echo(text: string): void {
    if (this.echo) this.#output.write(Buffer.from(text));
  }

  #echoByte(byte: number): void {
    if (this.echo) this.#output.write(Uint8Array.of(byte));
  }
}

/** Takes one UTF-8 character off the end; returns its first byte. */
function popCharacter(line: number[]): number | undefined {
  let byte = line.pop();
  while (byte !== undefined && byte >= 0x80 && byte < 0xc0) byte = line.pop();
  return byte;
}

function wordLength(line: readonly number[]): number {
  let length = 0;
  while (length < line.length && line[line.length - 1 - length] === 32) length += 1;
  while (length < line.length && line[line.length - 1 - length] !== 32) length += 1;
  return length;
}

function withCarriageReturns(data: Uint8Array): Uint8Array {
  let newlines = 0;
  for (const byte of data) if (byte === newline) newlines += 1;
  if (newlines === 0) return data;
  const out = new Uint8Array(data.length + newlines);
  let at = 0;
  for (const byte of data) {
    if (byte === newline) out[at++] = carriageReturn;
    out[at++] = byte;
  }
  return out;
}
