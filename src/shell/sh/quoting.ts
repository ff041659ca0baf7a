/** Quotes text for the shell as dash and busybox do: runs of single quotes stand in double quotes. */
export function quoteForShell(text: string): string {
  if (text === '') return "''";
  let result = '';
  for (let rest = text; rest !== ''; ) {
    const plain = /^[^']*/.exec(rest)?.[0] ?? '';
    const quotes = /^'+/.exec(rest.slice(plain.length))?.[0] ?? '';
    result += `'${plain}'${quotes === '' ? '' : `"${quotes}"`}`;
    rest = rest.slice(plain.length + quotes.length);
  }
  return result;
}
