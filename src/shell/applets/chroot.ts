/** chroot: what people type first in a node's debugging pod. A simulated host has files, but no programs. */
import { holds } from '../kernel/capabilities.ts';
import { applet, Failure } from './lib/applet.ts';
import { UsageError } from './lib/options.ts';

export const chroot = applet({ usage: 'NEWROOT [PROG ARGS]', short: '', wordsOnly: true }, function* (call) {
  const [folder, program = call.process.env.get('SHELL') || '/bin/sh'] = call.operands;
  if (folder === undefined) throw new UsageError('');
  const { fs } = call.process.system;
  const { cwd } = call.process;
  const where = call.flavour === 'gnu' ? `cannot change root directory to '${folder}'` : `can't change root directory to '${folder}'`;
  if (!holds(call.process, 'SYS_CHROOT')) throw new Failure(`${where}: Operation not permitted`, call.flavour === 'gnu' ? 125 : 1);
  if (!fs.exists(folder, cwd)) throw new Failure(`${where}: No such file or directory`, call.flavour === 'gnu' ? 125 : 1);
  if (fs.stat(folder, cwd).type !== 'directory') throw new Failure(`${where}: Not a directory`, call.flavour === 'gnu' ? 125 : 1);
  if (fs.exists(`${folder}/${program}`, cwd)) throw new Failure(`to run ${program} in ${folder} is not simulated`);
  yield* call.out.flush();
  throw new Failure(`${call.flavour === 'gnu' ? `failed to run command '${program}'` : `can't execute '${program}'`}: No such file or directory`, 127);
});
