import { bytesOf, readEscapes } from '../sh/printf.ts';
import type { Applet } from './lib/applet.ts';

/** echo: `-n`, `-e`, `-E`, also in one word. Whatever else looks like an option is text. */
export const echo: Applet = () =>
  function* (process) {
    const words = process.argv.slice(1);
    let newline = true;
    let escapes = false;
    while (words[0] && /^-[neE]+$/.test(words[0])) {
      const letters = words.shift() as string;
      if (letters.includes('n')) newline = false;
      if (letters.includes('e')) escapes = true;
      if (letters.includes('E')) escapes = false;
    }
    const plain = words.join(' ');
    const { text, stopped } = escapes ? readEscapes(plain, 'argument', 'ash') : { text: plain, stopped: false };
    yield* process.write(1, bytesOf(text + (newline && !stopped ? '\n' : '')));
    return 0;
  };
