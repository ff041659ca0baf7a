import type { ProcessTable } from '../kernel/open-file.ts';
import type { FileStat } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { SpecialNode } from './node.ts';
import { SyntheticDirectory, TextFile, textNode } from './synthetic.ts';

/** A value is one line. */
const valueBytesMax = 4096;

/** /proc/sys: the kernel's parameters. They are written where it is mounted for that, in privileged containers. */
export function sysctlTree(table: ProcessTable): SyntheticDirectory {
  return directory(table, '');
}

/** The directory of all names that begin with `prefix`. */
function directory(table: ProcessTable, prefix: string): SyntheticDirectory {
  const inode = 1000 + prefix.length;
  const fixed = fixedValues(table);
  const below = () => [...table.parameters.names(), ...fixed.keys()].filter((name) => name.startsWith(prefix));
  return new SyntheticDirectory(
    inode,
    () => [...new Set(below().map((name) => name.slice(prefix.length).split('.')[0] as string))].sort(),
    (name) => {
      const value = fixed.get(prefix + name);
      if (value !== undefined) return textNode(`${value}\n`, inode + 1, 0o444);
      if (table.parameters.get(prefix + name) !== undefined) return parameter(table, prefix + name, inode + 1);
      return below().some((one) => one.startsWith(`${prefix}${name}.`)) ? directory(table, `${prefix}${name}.`) : undefined;
    },
  );
}

function fixedValues({ hostname, uname }: ProcessTable): ReadonlyMap<string, string> {
  return new Map([
    ['kernel.hostname', hostname],
    ['kernel.ostype', uname.system],
    ['kernel.osrelease', uname.release],
    ['kernel.version', uname.version],
  ]);
}

function parameter({ parameters }: ProcessTable, name: string, inode: number): SpecialNode {
  const stat: FileStat = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, nlink: 1, mtimeMs: 0, inode, device: 1 };
  const path = `/proc/sys/${name.replaceAll('.', '/')}`;
  const write = (data: Uint8Array) => {
    if (data.length > valueBytesMax) throw new SystemError('EINVAL');
    const text = Buffer.from(data).toString().trim();
    // Nearly all are numbers; what is one now is not to become something else.
    if (/^[-\d\s]+$/.test(parameters.get(name) ?? '') && !/^[-\d\s]+$/.test(text)) throw new SystemError('EINVAL');
    parameters.set(name, text);
  };
  return new SpecialNode('file', 0o644, inode, () => new TextFile(path, () => `${parameters.get(name) ?? ''}\n`, write, stat));
}
