import type { UserInfo } from '../../machinery/handler.ts';
import type { TokenAuthenticator } from './authenticator.ts';

/**
 * Tokens from the text of a file: a line each with token, user name, uid and, in quotes, groups
 * (apiserver/plugin/pkg/authenticator token/tokenfile).
 * @param own audiences of the API server itself, the only ones that such tokens are meant for
 * @throws Error that names the line
 */
export function tokenFileAuthenticator(text: string, own: readonly string[]): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fields = csvFields(line, index + 1);
    if (fields.length < 3) throw new Error(`token file, line ${index + 1}: at least 3 columns (token, user name, user uid) are wanted, found ${fields.length}`);
    const [token = '', username = '', uid = '', groups = ''] = fields;
    if (token === '') continue;
    const listed = groups.split(',').filter((one) => one !== '');
    users.set(token, { username, ...(uid ? { uid } : {}), groups: listed });
  }
  return {
    authenticate(token, audiences) {
      const user = users.get(token);
      const meant = audiences.filter((one) => own.includes(one));
      // Who asks for no audience in particular is content with any.
      return user && (meant.length > 0 || audiences.length === 0) ? { user, audiences: meant } : undefined;
    },
  };
}

/** One line of CSV (RFC 4180), with blanks before fields left out. */
function csvFields(line: string, number: number): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === ' ') at += 1;
    let field = '';
    if (line[at] === '"') {
      at += 1;
      for (; line[at] !== '"' || line[at + 1] === '"'; at += 1) {
        if (at >= line.length) throw new Error(`token file, line ${number}: a quote is not closed`);
        if (line[at] === '"') at += 1;
        field += line[at];
      }
      at += 1;
    } else {
      const comma = line.indexOf(',', at);
      field = line.slice(at, comma < 0 ? line.length : comma).trimEnd();
      at = comma < 0 ? line.length : comma;
    }
    fields.push(field);
    if (at >= line.length) return fields;
    if (line[at] !== ',') throw new Error(`token file, line ${number}: a comma is missing`);
    at += 1;
  }
}
