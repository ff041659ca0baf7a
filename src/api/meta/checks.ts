import type { FieldError, FieldPath } from '../../machinery/field-error.ts';
import { Mistakes } from './mistakes.ts';
import { isDns1123Subdomain, nameIsPathSegment } from './names.ts';

/** The list of what a validator finds. */
export function mistakesOf(check: (mistakes: Mistakes) => void): FieldError[] {
  const mistakes = new Mistakes();
  check(mistakes);
  return mistakes.list;
}

const wildcard = '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const wildcardPattern = new RegExp(`^${wildcard}$`);

/** `*.example.com` (apimachinery/pkg/util/validation IsWildcardDNS1123Subdomain). */
export function isWildcardSubdomain(value: string): string[] {
  if (wildcardPattern.test(value)) return [];
  const message =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [`${message} (e.g. '*.example.com', regex used for validation is '${wildcard}')`];
}

const pathCharacters = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

/** `example.com/path` (apimachinery/pkg/util/validation IsDomainPrefixedPath). */
export function validateDomainPrefixedPath(mistakes: Mistakes, text: string | undefined, at: FieldPath): void {
  if (!text) {
    mistakes.required(at);
    return;
  }
  const slash = text.indexOf('/');
  const [domain, path] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash <= 0 || path === '') {
    mistakes.invalid(at, text, 'must be a domain-prefixed path (such as "acme.io/foo")');
    return;
  }
  mistakes.invalid(at, domain, isDns1123Subdomain(domain));
  if (!pathCharacters.test(path)) mistakes.invalid(at, path, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
}

/** A name that must be there and may be one segment of a path. */
export function validateSegment(mistakes: Mistakes, name: string | undefined, at: FieldPath, missing = ''): void {
  if (!name) mistakes.required(at, missing);
  else mistakes.invalid(at, name, nameIsPathSegment(name, false));
}

/** All of several counts. */
export function validateCounts(mistakes: Mistakes, counts: Readonly<Record<string, number | undefined>>, at: FieldPath): void {
  for (const [field, count] of Object.entries(counts)) if (count !== undefined) mistakes.nonNegative(at.child(field), count);
}

const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

/** Why a token may not live so long: of requests, of drivers and of volumes alike. */
export function tokenLifetimeMistakes(seconds: number): string[] {
  if (seconds < minTokenSeconds) return ['may not specify a duration less than 10 minutes'];
  return seconds > maxTokenSeconds ? ['may not specify a duration larger than 2^32 seconds'] : [];
}
