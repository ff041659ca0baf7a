import { badRequest } from '../status-error.ts';

export interface FieldRequirement {
  /** `metadata.name` */
  readonly field: string;
  readonly value: string;
  readonly negated: boolean;
}

/** All requirements must hold; an empty list selects everything. */
export type FieldRequirements = readonly FieldRequirement[];

/**
 * Reads a field selector as text: `status.phase!=Pending,spec.nodeName=a` (apimachinery/pkg/fields ParseSelector).
 * A backslash escapes a backslash, a comma or an equals sign. A term with nothing on either side (`=`) asks for nothing.
 * Requirements come in the order of their texts, and so does what is said of those that are refused.
 * @throws StatusError 400 with upstream's text
 */
export function parseFieldSelector(text: string): FieldRequirements {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const found = splitTerm(term);
    if (!found) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const value = unescaped(found.value);
    if (found.field !== '' || value !== '') requirements.push({ field: found.field, value, negated: found.operator === '!=' });
  }
  return requirements;
}

/** `fieldsOf` is asked for one field at a time; an absent field counts as empty. */
export function matchesFields(requirements: FieldRequirements, fieldsOf: (field: string) => string): boolean {
  return requirements.every(({ field, value, negated }) => (fieldsOf(field) === value) !== negated);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function splitTerm(term: string): { field: string; operator: string; value: string } | undefined {
  for (let at = 0; at < term.length; at += 1) {
    for (const operator of ['!=', '==', '=']) {
      if (term.startsWith(operator, at)) return { field: term.slice(0, at), operator, value: term.slice(at + operator.length) };
    }
  }
  return undefined;
}

/** (apimachinery/pkg/fields UnescapeValue, which tells a character by its number) */
function unescaped(value: string): string {
  let out = '';
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] as string;
    if (char === '\\') {
      const next = value[at + 1];
      if (next === undefined || !'\\,='.includes(next)) throw badRequest(`invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      out += next;
      at += 1;
    } else if (char === ',' || char === '=') {
      throw badRequest(`invalid field selector: unescaped character in value: ${char.codePointAt(0)}`);
    } else out += char;
  }
  return out;
}
