/**
 * Expands `$(NAME)` in a command, an argument or an environment variable (third_party/forked/golang/expansion): `$$` stands
 * for `$`, and a name that is not defined is left as it was written.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = '';
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '$' || at + 1 >= text.length) {
      out += text[at];
      continue;
    }
    const next = text[at + 1];
    if (next === '$') {
      out += '$';
      at += 1;
    } else if (next === '(') {
      const end = text.indexOf(')', at);
      if (end < 0) {
        out += '$(';
        at += 1;
      } else {
        const name = text.slice(at + 2, end);
        out += lookup(name) ?? `$(${name})`;
        at = end;
      }
    } else {
      out += `$${next}`;
      at += 1;
    }
  }
  return out;
}
