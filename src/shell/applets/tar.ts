import { gunzipSync } from 'node:zlib';
import { HeldMemory, heldBytesMax } from '../kernel/held-memory.ts';
import type { FileStat, Process, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { withoutSlashes } from './lib/ends.ts';
import { GzipWriter } from './lib/gzip.ts';
import { readAll } from './lib/input.ts';
import { modeText } from './lib/mode.ts';
import type { Options } from './lib/options.ts';
import { parseOptions, UsageError } from './lib/options.ts';
import { blockBytes, decodeBlock, encodeHeader, paddingOf, paxRecords, type TarMember } from './lib/tar-header.ts';
import { groupName, userName } from './lib/users.ts';

const spec = {
  usage: '-[cxtvzhkOmpo] [-f TARFILE] [-C DIR] [FILE]...',
  short: 'cxtvzhkOmpof:C:',
  long: {
    create: 'c',
    extract: 'x',
    get: 'x',
    list: 't',
    verbose: 'v',
    gzip: 'z',
    dereference: 'h',
    'to-stdout': 'O',
    touch: 'm',
    'same-permissions': 'p',
    'preserve-permissions': 'p',
    'no-same-owner': 'o',
    'no-same-permissions': 'no-same-permissions',
    'file=': 'f',
    'directory=': 'C',
    'strip-components=': 'strip-components',
  },
} as const;

/** tar: `-c -x -t` with `-f -C -m -p -o -v -z -h -k -O`; a first word without a dash is a bundle of options. GNU and pax long names are read. */
export const tar = applet({ ...spec, wordsOnly: true }, function* (call) {
  const { options, operands } = parseOptions(spec, unbundled(call.operands));
  const run = { ...call, options, operands };
  const modes = ['c', 'x', 't'].filter((mode) => options.has(mode));
  if (modes.length !== 1) throw new UsageError(call.flavour === 'gnu' ? "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options" : '');
  const folder = options.value('C');
  const { process } = call;
  const archive = openArchive(process, options);
  if (folder !== undefined) enter(run, folder);
  if (modes[0] === 'c') return yield* create(run, archive);
  return yield* extract(run, archive);
});

/** `tar xmf - -C /` is `tar -x -m -f - -C /`. */
function unbundled(words: readonly string[]): string[] {
  const [first, ...rest] = words;
  if (first === undefined || first.startsWith('-') || first === '') return [...words];
  const out: string[] = [];
  for (const letter of first) {
    out.push(`-${letter}`);
    if (letter === 'f' || letter === 'C') out.push(rest.shift() ?? '');
  }
  return [...out, ...rest];
}

function openArchive(process: Process, options: Options): number {
  const path = options.value('f') ?? '-';
  const creates = options.has('c');
  if (path === '-') return creates ? 1 : 0;
  return process.open(path, creates ? { write: true, create: true, truncate: true } : { read: true });
}

function enter(call: Call, folder: string): void {
  const { process } = call;
  const { fs } = process.system;
  const refused = (why: string) =>
    call.flavour === 'gnu' ? new Failure(`${folder}: Cannot open: ${why}`, 2) : new Failure(`can't change directory to '${folder}': ${why}`);
  if (!fs.exists(folder, process.cwd)) throw refused('No such file or directory');
  if (fs.stat(folder, process.cwd).type !== 'directory') throw refused('Not a directory');
  process.cwd = fs.realpath(folder, process.cwd);
}

// Creating

class ArchiveWriter {
  readonly #gzip: GzipWriter | undefined;
  #bytes = 0;

  constructor(
    readonly process: Process,
    readonly fd: number,
    gzip: boolean,
  ) {
    this.#gzip = gzip ? new GzipWriter(process, (data) => process.write(fd, data)) : undefined;
  }

  *write(data: Uint8Array): Syscall<void> {
    this.#bytes += data.length;
    if (this.#gzip) yield* this.#gzip.add(data);
    else yield* this.process.write(this.fd, data);
  }

  /** Two empty blocks, and what is missing to a whole record of 20. */
  *end(): Syscall<void> {
    const record = 20 * blockBytes;
    const size = Math.ceil((this.#bytes + 2 * blockBytes) / record) * record;
    yield* this.write(new Uint8Array(size - this.#bytes));
    if (this.#gzip) yield* this.#gzip.end();
  }
}

function* create(call: Call, fd: number): Syscall<number> {
  if (call.operands.length === 0) {
    throw call.flavour === 'gnu' ? new Failure('Cowardly refusing to create an empty archive', 2) : new Failure('empty archive');
  }
  const writer = new ArchiveWriter(call.process, fd, call.options.has('z'));
  const seen = { warned: false, failed: false };
  for (const path of call.operands) yield* add(call, writer, path, seen);
  yield* writer.end();
  return yield* conclude(call, seen.failed);
}

function* conclude(call: Call, failed: boolean): Syscall<number> {
  if (!failed) return 0;
  yield* call.warn(call.flavour === 'gnu' ? 'Exiting with failure status due to previous errors' : 'error exit delayed from previous errors');
  return call.flavour === 'gnu' ? 2 : 1;
}

function* add(call: Call, writer: ArchiveWriter, path: string, seen: { warned: boolean; failed: boolean }): Syscall<void> {
  const { process, options } = call;
  const { fs } = process.system;
  let stat: FileStat;
  try {
    stat = options.has('h') ? fs.stat(path, process.cwd) : fs.lstat(path, process.cwd);
  } catch (error) {
    yield* call.warn(call.flavour === 'gnu' ? `${path}: Cannot stat: ${reason(error)}` : `${path}: ${reason(error)}`);
    seen.failed = true;
    return;
  }
  if (path.startsWith('/') && !seen.warned) {
    seen.warned = true;
    yield* call.warn(call.flavour === 'gnu' ? "Removing leading `/' from member names" : "removing leading '/' from member names");
  }
  const member = memberOf(call, path, stat);
  if (member.name !== '') {
    if (options.has('v')) yield* process.write(writer.fd === 1 ? 2 : 1, `${shownName(member)}\n`);
    yield* writer.write(encodeHeader(member));
    if (member.type === 'file') yield* addContent(call, writer, path, stat.size);
  }
  if (stat.type !== 'directory') return;
  for (const name of fs.readdir(path, process.cwd)) {
    yield* process.step();
    yield* add(call, writer, `${withoutSlashes(path)}/${name}`, seen);
  }
}

function memberOf({ process }: Call, path: string, stat: FileStat): TarMember {
  const { fs } = process.system;
  return {
    name: withoutSlashes(path.replace(/^(\.\.\/|\/)+/, ''), 1),
    type: stat.type === 'directory' || stat.type === 'symlink' ? stat.type : 'file',
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.type === 'file' ? stat.size : 0,
    mtimeMs: stat.mtimeMs,
    linkName: stat.type === 'symlink' ? fs.readlink(path, process.cwd) : '',
    userName: userName(fs, stat.uid) ?? '',
    groupName: groupName(fs, stat.gid) ?? '',
  };
}

/** Exactly as many bytes as the header says, whatever happens to the file meanwhile. */
function* addContent({ process }: Call, writer: ArchiveWriter, path: string, size: number): Syscall<void> {
  if (size === 0) return;
  const fd = process.open(path, { read: true });
  let left = size;
  while (left > 0) {
    const data = yield* process.read(fd, Math.min(left, 32_768));
    if (data === null) break;
    left -= data.length;
    yield* writer.write(data);
  }
  process.close(fd);
  yield* writer.write(new Uint8Array(left + paddingOf(size)));
}

// Reading

class ArchiveReader {
  #rest: Buffer = Buffer.alloc(0);
  #plain: Buffer | undefined;

  constructor(
    readonly process: Process,
    readonly fd: number,
    readonly gzip: boolean,
  ) {}

  /** Up to `max` bytes; null at the end. */
  *some(max: number): Syscall<Buffer | null> {
    if (this.#rest.length === 0) {
      const data = yield* this.#more();
      if (data === null) return null;
      this.#rest = data;
    }
    const piece = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** So many bytes; null if there are none left at all. Throws Failure if there are too few. */
  *exactly(size: number): Syscall<Buffer | null> {
    const parts: Buffer[] = [];
    for (let left = size; left > 0; ) {
      const piece = yield* this.some(left);
      if (piece === null) {
        if (left === size) return null;
        throw new Failure('short read');
      }
      parts.push(Buffer.from(piece));
      left -= piece.length;
    }
    return Buffer.concat(parts);
  }

  *#more(): Syscall<Buffer | null> {
    if (!this.gzip) {
      const data = yield* this.process.read(this.fd, 32_768);
      return data === null ? null : Buffer.from(data);
    }
    if (this.#plain) return null;
    try {
      this.#plain = gunzipSync(yield* readAll(this.process, this.fd), { maxOutputLength: heldBytesMax });
      new HeldMemory(this.process).add(this.#plain.length);
    } catch (error) {
      if (error instanceof SystemError) throw error;
      throw new Failure('invalid gzip magic');
    }
    return this.#plain.length > 0 ? this.#plain : null;
  }
}

function* extract(call: Call, fd: number): Syscall<number> {
  const { process, options, operands } = call;
  const reader = new ArchiveReader(process, fd, options.has('z'));
  const folders: TarMember[] = [];
  const wanted = operands.map((name) => withoutSlashes(name));
  let failed = false;
  for (let member = yield* nextMember(call, reader); member; member = yield* nextMember(call, reader)) {
    const { name } = member;
    const asked = wanted.length === 0 || wanted.some((one) => name === one || name.startsWith(`${one}/`));
    const target = asked ? strippedName(call, member) : undefined;
    if (target === undefined) yield* skip(reader, member);
    else if (options.has('t')) yield* list(call, reader, member);
    else {
      if (options.has('v')) yield* call.out.line(shownName(member));
      const placed = { ...member, name: target };
      if (!(yield* place(call, reader, placed))) failed = true;
      else if (member.type === 'directory') folders.push(placed);
    }
  }
  // What was put into a folder has changed its time.
  for (const folder of folders.reverse()) keepAttributes(call, folder);
  yield* drain(reader);
  return yield* conclude(call, failed);
}

/** The next member, with what long names and pax headers said of it; undefined at the end. */
function* nextMember(call: Call, reader: ArchiveReader): Syscall<TarMember | undefined> {
  let overrides: Partial<TarMember> = {};
  for (;;) {
    const block = yield* reader.exactly(blockBytes);
    if (block === null || block.every((byte) => byte === 0)) return undefined;
    const decoded = decodeBlock(block);
    if (!decoded) throw call.flavour === 'gnu' ? new Failure('This does not look like a tar archive', 2) : new Failure('invalid tar magic');
    const { flag, member } = decoded;
    if (flag !== 'L' && flag !== 'K' && flag !== 'x' && flag !== 'g') return { ...member, ...overrides };
    const content = (yield* reader.exactly(member.size)) ?? Buffer.alloc(0);
    yield* reader.exactly(paddingOf(member.size));
    const text = content.toString().replace(/\0.*$/s, '');
    if (flag === 'L') overrides = { ...overrides, name: withoutSlashes(text, 1) };
    else if (flag === 'K') overrides = { ...overrides, linkName: text };
    else if (flag === 'x') overrides = { ...overrides, ...paxOverrides(paxRecords(content)) };
  }
}

function paxOverrides(records: ReadonlyMap<string, string>): Partial<TarMember> {
  const overrides: { -readonly [K in keyof TarMember]?: TarMember[K] } = {};
  const path = records.get('path');
  if (path !== undefined) overrides.name = withoutSlashes(path, 1);
  const link = records.get('linkpath');
  if (link !== undefined) overrides.linkName = link;
  for (const name of ['size', 'uid', 'gid'] as const) {
    const value = records.get(name);
    if (value !== undefined) overrides[name] = Number(value);
  }
  const mtime = records.get('mtime');
  if (mtime !== undefined) overrides.mtimeMs = Number(mtime) * 1000;
  return overrides;
}

function strippedName({ options }: Call, { name }: TarMember): string | undefined {
  const parts = name.split('/').filter((part) => part !== '');
  const kept = parts.slice(Number(options.value('strip-components') ?? 0));
  // Members that would leave the folder are never written.
  return kept.length === 0 || kept.includes('..') ? undefined : kept.join('/');
}

function shownName({ name, type }: TarMember): string {
  return type === 'directory' ? `${name}/` : name;
}

function* skip(reader: ArchiveReader, { type, size }: TarMember): Syscall<void> {
  if (type !== 'file' && type !== 'other') return;
  for (let left = size + paddingOf(size); left > 0; ) {
    const piece = yield* reader.some(left);
    if (piece === null) throw new Failure('short read');
    left -= piece.length;
  }
}

/** Reads what follows the end of the archive, so that the writer is not told of a broken pipe. */
function* drain(reader: ArchiveReader): Syscall<void> {
  while ((yield* reader.some(65_536)) !== null);
}

function* list(call: Call, reader: ArchiveReader, member: TarMember): Syscall<void> {
  if (!call.options.has('v')) yield* call.out.line(shownName(member));
  else {
    const type = member.type === 'directory' || member.type === 'symlink' ? member.type : 'file';
    const time = new Date(member.mtimeMs).toISOString().slice(0, 19).replace('T', ' ');
    const owner = `${member.userName || member.uid}/${member.groupName || member.gid}`;
    const link = member.type === 'symlink' ? ` -> ${member.linkName}` : '';
    yield* call.out.line(`${modeText({ type, mode: member.mode })} ${owner} ${String(member.size).padStart(9)} ${time} ${shownName(member)}${link}`);
  }
  yield* skip(reader, member);
}

/** Writes one member to the file system; false, after a message, if that is impossible. */
function* place(call: Call, reader: ArchiveReader, member: TarMember): Syscall<boolean> {
  const { process, options } = call;
  const { fs } = process.system;
  const { cwd } = process;
  if (options.has('O')) {
    if (member.type === 'file') yield* copyContent(reader, member.size, (data) => process.write(1, data));
    return true;
  }
  try {
    if (options.has('k') && fs.exists(member.name, cwd)) {
      yield* skip(reader, member);
      return true;
    }
    const parent = member.name.slice(0, Math.max(0, member.name.lastIndexOf('/')));
    if (parent && !fs.exists(parent, cwd)) fs.mkdir(parent, { recursive: true, cwd });
    if (member.type === 'directory') {
      if (!fs.exists(member.name, cwd)) fs.mkdir(member.name, { mode: 0o755, cwd });
      return true;
    }
    removeOld(call, member.name);
    if (member.type === 'symlink') fs.symlink(member.linkName, member.name, cwd);
    else if (member.type === 'hardlink') fs.link(member.linkName.replace(/^\/+/, ''), member.name, cwd);
    else if (member.type === 'file') return yield* writeFile(call, reader, member);
    else yield* skip(reader, member);
    return true;
  } catch (error) {
    const why = reason(error);
    yield* call.warn(call.flavour === 'gnu' ? `${member.name}: Cannot open: ${why}` : `can't open '${member.name}': ${why}`);
    yield* skip(reader, member);
    return false;
  }
}

/** A content that cannot be written is read all the same: the next member comes after it. */
function* writeFile(call: Call, reader: ArchiveReader, member: TarMember): Syscall<boolean> {
  const { process } = call;
  const fd = process.open(member.name, { write: true, create: true, truncate: true, mode: 0o600 });
  let failure: string | undefined;
  yield* copyContent(reader, member.size, function* (data) {
    try {
      if (failure === undefined) yield* process.write(fd, data);
    } catch (error) {
      failure = reason(error);
    }
  });
  process.close(fd);
  keepAttributes(call, member);
  if (failure === undefined) return true;
  yield* call.warn(call.flavour === 'gnu' ? `${member.name}: Cannot write: ${failure}` : `write error: ${failure}`);
  return false;
}

/** A file that is in the way is replaced, not written into: it may be a link, or a program that runs. */
function removeOld({ process: { system, cwd } }: Call, path: string): void {
  try {
    system.fs.unlink(path, cwd);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'ENOENT') throw error;
  }
}

function* copyContent(reader: ArchiveReader, size: number, write: (data: Uint8Array) => Syscall<void>): Syscall<void> {
  for (let left = size; left > 0; ) {
    const piece = yield* reader.some(left);
    if (piece === null) throw new Failure('short read');
    left -= piece.length;
    yield* write(piece);
  }
  yield* reader.exactly(paddingOf(size));
}

/** Whose it is, its mode and time. Throws Failure where GNU tar tells that it may not change the owner; busybox does not. */
function keepAttributes({ process, options, flavour }: Call, member: TarMember): void {
  const { fs } = process.system;
  const { cwd } = process;
  const isRoot = process.uid === 0;
  if (isRoot && !options.has('o')) {
    try {
      fs.chown(member.name, member.uid, member.gid, cwd);
    } catch (error) {
      if (flavour === 'gnu') throw new Failure(`${member.name}: Cannot change ownership to uid ${member.uid}, gid ${member.gid}: ${reason(error)}`, 2);
    }
  }
  const exact = (isRoot && !options.has('no-same-permissions')) || options.has('p');
  fs.chmod(member.name, exact ? member.mode : member.mode & ~process.umask & 0o777, cwd);
  if (!options.has('m')) fs.utimes(member.name, member.mtimeMs, cwd);
}
