const badEscape = /%(?![0-9a-fA-F]{2})/;

/** The two parts of what a request asks for. */
export interface RequestTarget {
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Takes `/api/v1/pods?limit=5` apart. */
export function splitTarget(target: string): RequestTarget {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: new URLSearchParams() } : { path: target.slice(0, mark), query: readQuery(target.slice(mark + 1)) };
}

/** Whether Go's parser of URLs would take the path of a request; kube-apiserver never sees those it does not. */
export function isReadablePath(target: string): boolean {
  const mark = target.indexOf('?');
  return !badEscape.test(mark < 0 ? target : target.slice(0, mark));
}

/** As Go's url.Query: parts with a semicolon or a broken escape are as if they were not there. */
function readQuery(text: string): URLSearchParams {
  if (!text.includes(';') && !badEscape.test(text)) return new URLSearchParams(text);
  const parts = text.split('&').filter((part) => !part.includes(';') && !badEscape.test(part));
  return new URLSearchParams(parts.join('&'));
}
