import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { load } from 'js-yaml';
import type { Handler } from '../../src/machinery/index.ts';
import type { CompareAnswer, CompareRequest, Target } from './case.ts';

const bytesOf = ({ body }: CompareRequest): string | undefined => (body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));

function read(status: number, contentType: string, text: string, warnings: readonly string[]): CompareAnswer {
  try {
    if (contentType.includes('yaml')) return { status, contentType, warnings, body: load(text) };
    return { status, contentType, warnings, body: JSON.parse(text), unescaped: /[<>&\u2028\u2029]/.test(text) };
  } catch {
    return { status, contentType, warnings, body: text };
  }
}

/** An API server in this process. */
export function handlerTarget(name: string, handler: Handler): Target {
  const user = { username: 'compare', groups: ['system:masters', 'system:authenticated'] };
  return {
    name,
    async ask(request) {
      const [path = '', search = ''] = request.path.split('?');
      const body = bytesOf(request);
      const contentType = request.contentType ?? 'application/json';
      const {
        status,
        headers,
        body: answer,
      } = await handler({
        method: request.method,
        path,
        query: new URLSearchParams(search),
        headers: { accept: request.accept ?? 'application/json', 'user-agent': 'paperkube-compare' },
        user,
        ...(body === undefined ? {} : { body: { kind: 'bytes', bytes: new TextEncoder().encode(body), contentType } }),
      });
      const warnings = [headers.warning ?? []].flat();
      if (answer.kind === 'object') return read(status, answer.contentType ?? 'application/json', String(answer.json()), warnings);
      if (answer.kind === 'bytes') return read(status, answer.contentType, Buffer.from(answer.bytes as Uint8Array).toString(), warnings);
      return { status, contentType: '', body: '' };
    },
  };
}

export interface Credentials {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** An API server at a URL. */
export function urlTarget(name: string, url: string, { token, insecure, ...tls }: Credentials = {}): Target {
  const secure = url.startsWith('https:');
  const agent = secure ? new Agent({ ...tls, keepAlive: true, rejectUnauthorized: !insecure }) : undefined;
  return {
    name,
    // A server may close an idle connection at the moment at which it is used again. One that cuts it twice does not survive the request.
    ask: (request) =>
      once(request)
        .catch(() => once(request))
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ECONNRESET') throw error;
          return { status: 0, contentType: '', body: error.message };
        }),
  };

  function once(request: CompareRequest): Promise<CompareAnswer> {
    return new Promise((resolve, reject) => {
      const body = bytesOf(request);
      const headers = {
        accept: request.accept ?? 'application/json',
        'user-agent': 'paperkube-compare',
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      };
      const send = secure ? httpsRequest : httpRequest;
      const call = send(new URL(request.path, url), { method: request.method, headers, ...(agent ? { agent } : {}) }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        const warnings = response.rawHeaders.filter((_, index, all) => all[index - 1]?.toLowerCase() === 'warning' && index % 2 === 1);
        response.on('end', () => resolve(read(response.statusCode ?? 0, response.headers['content-type'] ?? '', text, warnings)));
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}
