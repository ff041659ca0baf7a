import type { FieldPath } from '../../../machinery/field-error.ts';
import type { Mistakes } from '../../meta/mistakes.ts';

const form = '; desired format: https://host[/path]';

/** What is wrong with the address of a webhook (apiserver/pkg/util/webhook ValidateWebhookURL). */
export function validateWebhookUrl(mistakes: Mistakes, text: string, at: FieldPath): void {
  const url = parseUrl(text);
  if (typeof url === 'string') {
    mistakes.required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: ${url}${form}`);
    return;
  }
  if (url.scheme !== 'https') mistakes.invalid(at, url.scheme, `'https' is the only allowed URL scheme${form}`);
  if (!url.host) mistakes.invalid(at, url.host, `host must be specified${form}`);
  if (url.user !== undefined) mistakes.invalid(at, url.user, 'user information is not permitted in the URL');
  if (url.fragment) mistakes.invalid(at, url.fragment, 'fragments are not permitted in the URL');
  if (url.query) mistakes.invalid(at, url.query, 'query parameters are not permitted in the URL');
}

interface Url {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly query: string;
  readonly fragment: string;
}

/** The parts of a URL as Go's net/url finds them, or why it is none: it takes nearly every text for one. */
function parseUrl(text: string): Url | string {
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'net/url: invalid control character in URL';
  const [whole = '', ...fragments] = text.split('#');
  const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(whole.split('?')[0] as string);
  if (badEscape) return `invalid URL escape ${JSON.stringify(badEscape[0])}`;
  if (whole.startsWith(':')) return 'missing protocol scheme';
  const [, scheme = '', rest = ''] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(.*)$/s.exec(whole) ?? [];
  const [hierarchy = '', ...queries] = rest.split('?');
  if (!scheme && /^[^/]*:/.test(hierarchy)) return 'first path segment in URL cannot contain colon';
  const authority = hierarchy.startsWith('//') ? (hierarchy.slice(2).split('/')[0] as string) : '';
  const sign = authority.lastIndexOf('@');
  const host = authority.slice(sign + 1);
  const port = /:([^:\]]*)$/.exec(host)?.[1];
  if (port !== undefined && /\D/.test(port)) return `invalid port ${JSON.stringify(`:${port}`)} after host`;
  return { scheme: scheme.toLowerCase(), user: sign < 0 ? undefined : authority.slice(0, sign), host, query: queries.join('?'), fragment: fragments.join('#') };
}
