import { describeSyntaxError } from '../../machinery/codec/json.ts';
import { badRequest } from '../../machinery/status-error.ts';

/** Where a listing goes on, and at which revision; -1 means at the newest, inconsistent with the pages before. */
export interface ContinuePoint {
  readonly revision: number;
  /** The first key to show, without the prefix of the listing. */
  readonly start: string;
}

/** The token is upstream's (apiserver/pkg/storage/continue.go): base64url of JSON, the last key shown followed by a zero byte. */
export function encodeContinue({ revision, start }: ContinuePoint): string {
  return Buffer.from(`{"v":"meta.k8s.io/v1","rv":${revision},"start":${JSON.stringify(start)}}`).toString('base64url');
}

/** @throws StatusError 400 for what is no token of ours */
export function decodeContinue(token: string): ContinuePoint {
  const bytes = Buffer.from(token, 'base64url');
  const corrupt = corruptAt(token);
  if (corrupt >= 0) throw invalidToken(`continue key is not valid: illegal base64 data at input byte ${corrupt}`);
  let data: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    data = JSON.parse(bytes.toString()) as typeof data;
  } catch {
    // Go's scanner looks at bytes, not at characters.
    throw invalidToken(`continue key is not valid: ${describeSyntaxError(bytes)}`);
  }
  if (typeof data !== 'object' || data === null || data.v !== 'meta.k8s.io/v1') {
    throw invalidToken(`continue key is not valid: server does not recognize this encoded version ${String(data?.v ?? '')}`);
  }
  if (typeof data.rv !== 'number' || data.rv === 0)
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof data.start !== 'string' || data.start === '') throw invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  // A page that came from a watch cache has a token whose key begins with a slash.
  const start = data.start.replace(/^\//, '');
  if (start !== '' && start.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw invalidToken(`continue key is not valid: ${data.start}`);
  }
  return { revision: data.rv, start };
}

/** Where Go's base64.RawURLEncoding gives up, or -1. */
function corruptAt(token: string): number {
  const foreign = token.search(/[^A-Za-z0-9_-]/);
  if (foreign >= 0) return foreign;
  return token.length % 4 === 1 ? token.length - 1 : -1;
}

function invalidToken(why: string): Error {
  return badRequest(`invalid continue token: ${why}`);
}
