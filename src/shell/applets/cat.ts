import { applet } from './lib/applet.ts';
import { eachInput, eachLine } from './lib/input.ts';

/** cat: `-n` and `-b` number lines, `-A -e -t -v` show what cannot be seen. */
export const cat = applet({ usage: '[-nbvteA] [FILE]...', short: 'nbvteAETsu' }, function* (call) {
  const { options, process } = call;
  if (options.has('n', 'b', 'v', 't', 'e', 'A', 'E', 'T', 's')) {
    let number = 0;
    let blank = false;
    return yield* eachLine(call, call.operands, function* (line, reader) {
      if (options.has('s') && blank && line === '') return;
      blank = line === '';
      const numbered = options.has('n') || (options.has('b') && line !== '');
      if (numbered) number += 1;
      const visible = options.has('A', 'v', 'e', 't') ? showControls(line) : line;
      const shown = options.has('A', 't', 'T') ? visible.replaceAll('\t', '^I') : visible;
      const end = (options.has('A', 'e', 'E') && reader.terminated ? '$' : '') + (reader.terminated ? '\n' : '');
      yield* call.out.text((numbered ? `${String(number).padStart(6)}\t` : '') + shown + end);
    });
  }
  return yield* eachInput(call, call.operands, function* (fd) {
    for (let data = yield* process.read(fd); data !== null; data = yield* process.read(fd)) yield* process.write(1, data);
  });
});

/** Control characters as ^A, bytes beyond ASCII as M-x. */
function showControls(line: string): string {
  return [...Buffer.from(line)].map((byte) => (byte > 127 ? `M-${showByte(byte - 128, false)}` : showByte(byte, true))).join('');
}

function showByte(byte: number, tabs: boolean): string {
  if (byte === 127) return '^?';
  return byte >= 32 || (tabs && byte === 9) ? String.fromCharCode(byte) : `^${String.fromCharCode(byte + 64)}`;
}
