import { goPlain, goType } from '../go-syntax.ts';
import type { FieldType } from './field-type.ts';
import { showElement } from './path-element.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * What keeps an applied configuration from being of its type, in upstream's words; undefined if nothing does
 * (structured-merge-diff typed Validate). Items of granular lists must be unique.
 */
export function findTypedErrors(type: FieldType, object: unknown): string | undefined {
  const errors: string[] = [];
  walk(type, object, '', errors);
  if (errors.length < 2) return errors[0];
  return ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

function walk(type: FieldType, value: unknown, path: string, errors: string[]): void {
  const fail = (message: string): void => void errors.push(path ? `${path}: ${message}` : message);
  if (value === null || value === undefined || type.shape === 'deduced') return;
  if (type.shape === 'scalar') {
    const wrong = scalarError(type, value);
    if (wrong) fail(wrong);
  } else if (type.shape === 'list') {
    if (Array.isArray(value)) walkItems(type, value, path, errors, fail);
    else fail(`expected list, got &{${goPlain(value)}}`);
  } else if (typeof value === 'object' && !Array.isArray(value)) walkFields(type, value as Json, path, errors);
  else fail(`expected map, got &{${goPlain(value)}}`);
}

function walkItems(type: FieldType, list: readonly unknown[], path: string, errors: string[], fail: (message: string) => void): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let shown = `[${index}]`;
    if (!type.atomic) {
      try {
        const element = type.itemElement(item);
        shown = showElement(element);
        if (seen.has(element)) fail(`duplicate entries for key ${shown}`);
        seen.add(element);
      } catch (error) {
        fail(`element ${index}: ${(error as Error).message}`);
        return;
      }
    }
    walk(type.items, item, path + shown, errors);
  }
}

function walkFields(type: FieldType, map: Json, path: string, errors: string[]): void {
  for (const key of Object.keys(map).sort()) {
    const child = type.child(key);
    if (!child) {
      errors.push(`${path}.${key}: field not declared in schema`);
      return;
    }
    walk(child, map[key], `${path}.${key}`, errors);
  }
}

function scalarError({ scalar }: FieldType, value: unknown): string | undefined {
  if (scalar === 'untyped') return typeof value === 'object' ? `expected any scalar, got &{${goPlain(value)}}` : undefined;
  if (scalar === 'boolean') return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goPlain(value)}}`;
  if (scalar === 'numeric') return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
  return typeof value === scalar ? undefined : `expected ${scalar}, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
}

/** As `%#v` prints it. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value === 'object') {
    return `map[string]interface {}{${sortedEntries(value as Json)
      .map(([key, one]) => `${JSON.stringify(key)}:${goSyntax(one)}`)
      .join(', ')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function sortedEntries(map: Json): [string, unknown][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
