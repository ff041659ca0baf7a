import { expect, test } from 'vitest';
import { ResponseReader } from './response-reader.ts';

/** Feeds the text in pieces of so many bytes; tells what was read. */
function read(text: string, pieceBytes: number): string[] {
  const seen: string[] = [];
  let body = '';
  const reader = new ResponseReader({
    head: (status) => seen.push(String(status)),
    body: (bytes) => (body += bytes.toString()),
    end: () => {
      seen.push(body);
      body = '';
    },
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.feed(bytes.subarray(at, at + pieceBytes));
  return seen;
}

const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\nb\r\npedia\r\nline\r\n0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
].join('');

test.each([1, 2, 3, 7, 50, 10_000])('responses that come in pieces of %i bytes read the same', (pieceBytes) => {
  expect(read(answers, pieceBytes)).toEqual(['200', 'hello', '201', 'wikipedia\r\nline', '204', '', '404', '']);
});
