/** One member of a tar archive. */
export interface TarMember {
  /** Without the slash that directories end in. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly linkName: string;
  readonly userName: string;
  readonly groupName: string;
}

export const blockBytes = 512;
const typeFlags = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;

/** How many zero bytes follow `size` bytes of content. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** The blocks in front of a member's content: POSIX ustar, after GNU's long name where one does not fit. */
export function encodeHeader(member: TarMember): Buffer {
  const name = member.type === 'directory' ? `${member.name}/` : member.name;
  const parts: Buffer[] = [];
  const place = splitName(name);
  if (!place) parts.push(longText('L', name));
  if (Buffer.byteLength(member.linkName) > 100) parts.push(longText('K', member.linkName));
  parts.push(encodeBlock(member, typeFlags[member.type as keyof typeof typeFlags] ?? '0', place ?? { prefix: '', name }));
  return Buffer.concat(parts);
}

/** A name of more than 100 bytes goes into two fields, if it has a slash in the right place. */
function splitName(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (Buffer.byteLength(name) <= 100) return { prefix: '', name };
  for (let at = name.indexOf('/'); at > 0 && at < name.length - 1; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) return { prefix, name: rest };
  }
  return undefined;
}

function longText(flag: string, text: string): Buffer {
  const content = Buffer.from(`${text}\0`);
  const member: TarMember = {
    name: '././@LongLink',
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.length,
    mtimeMs: 0,
    linkName: '',
    userName: '',
    groupName: '',
  };
  return Buffer.concat([encodeBlock(member, flag, { prefix: '', name: member.name }), content, Buffer.alloc(paddingOf(content.length))]);
}

function encodeBlock(member: TarMember, flag: string, { prefix, name }: { readonly prefix: string; readonly name: string }): Buffer {
  const block = Buffer.alloc(blockBytes);
  const text = (value: string, at: number, length: number) => Buffer.from(value).copy(block, at, 0, length);
  const octal = (value: number, at: number, length: number) => text(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length);
  text(name, 0, 100);
  octal(member.mode & 0o7777, 100, 8);
  octal(member.uid, 108, 8);
  octal(member.gid, 116, 8);
  octal(member.type === 'file' ? member.size : 0, 124, 12);
  octal(Math.max(0, Math.floor(member.mtimeMs / 1000)), 136, 12);
  block.fill(0x20, 148, 156);
  text(flag, 156, 1);
  text(member.linkName, 157, 100);
  text('ustar\0' + '00', 257, 8);
  text(member.userName, 265, 31);
  text(member.groupName, 297, 31);
  text(prefix, 345, 155);
  text(`${sum(block).toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

function sum(block: Buffer): number {
  let total = 0;
  for (const byte of block) total += byte;
  return total;
}

/** What a header block says by itself: `flag` tells what kind of block it is. Undefined if it is none. */
export function decodeBlock(block: Buffer): { readonly flag: string; readonly member: TarMember } | undefined {
  const checked = Buffer.from(block);
  checked.fill(0x20, 148, 156);
  if (sum(checked) !== number(block, 148, 8)) return undefined;
  const flag = String.fromCharCode(block[156] || 0x30);
  const isUstar = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = isUstar && block[262] === 0 ? field(block, 345, 155) : '';
  const full = prefix ? `${prefix}/${field(block, 0, 100)}` : field(block, 0, 100);
  const type = flag === '0' && full.endsWith('/') ? 'directory' : typeOf(flag);
  const member: TarMember = {
    name: full.replace(/(?<=.)\/+$/, ''),
    type,
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtimeMs: number(block, 136, 12) * 1000,
    linkName: field(block, 157, 100),
    userName: isUstar ? field(block, 265, 32) : '',
    groupName: isUstar ? field(block, 297, 32) : '',
  };
  return { flag, member };
}

function typeOf(flag: string): TarMember['type'] {
  if (flag === '0' || flag === '7') return 'file';
  return flag === '1' ? 'hardlink' : flag === '2' ? 'symlink' : flag === '5' ? 'directory' : 'other';
}

function field(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
}

/** Octal digits, or GNU's big-endian number with the first bit set. */
function number(block: Buffer, at: number, length: number): number {
  if ((block[at] as number) & 0x80) {
    let value = (block[at] as number) & 0x7f;
    for (let index = at + 1; index < at + length; index += 1) value = value * 256 + (block[index] as number);
    return value;
  }
  return Number.parseInt(field(block, at, length).trim(), 8) || 0;
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`. */
export function paxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(content.toString('latin1', at, space));
    if (!(length > 0)) break;
    const [key = '', ...value] = content.toString('utf8', space + 1, at + length - 1).split('=');
    records.set(key, value.join('='));
    at += length;
  }
  return records;
}
