/** Files that web servers of images serve. */
import type { Process } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  json: 'application/json',
  txt: 'text/plain',
  xml: 'text/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
};

/** The media type by a file's ending. */
export const contentTypes = (path: string): string | undefined => types[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''];

export type Found =
  | { readonly kind: 'file'; readonly path: string; readonly data: Uint8Array; readonly mtimeMs: number }
  /** A folder without its index. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A folder asked for without a slash at the end. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' };

/** What a URL path leads to below a folder; never out of it. */
export function fileAt(process: Process, root: string, path: string, index: string): Found {
  if (!path.startsWith('/') || path.split('/').includes('..')) return { kind: 'missing' };
  const { fs } = process.system;
  let file = `${root}${path}`;
  try {
    if (fs.stat(file).type === 'directory') {
      if (!path.endsWith('/')) return { kind: 'moved' };
      if (!fs.exists(`${file}${index}`)) return { kind: 'folder', path: file };
      file = `${file}${index}`;
    }
    return { kind: 'file', path: file, data: fs.readFile(file), mtimeMs: fs.stat(file).mtimeMs };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.code === 'EACCES' ? { kind: 'denied' } : { kind: 'missing' };
  }
}
