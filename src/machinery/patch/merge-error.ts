import { failure, type StatusError } from '../status-error.ts';

/** The key of a map that says what to do with the map. */
export const patchDirective = '$patch';

export type Json = Record<string, unknown>;

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Errors that upstream does not translate leave the server as a 500 without a reason. */
export function mergeFailure(message: string): StatusError {
  return failure(500, '', message);
}

export function badPatchType(type: unknown, map: Json): StatusError {
  return mergeFailure(`unknown patch type: ${String(type)} in map: ${describeMap(map)}`);
}

export function noMergeKey(map: Json, key: string): StatusError {
  return mergeFailure(`map: ${describeMap(map)} does not contain declared merge key: ${key}`);
}

export function badType(expected: 'slice' | 'map', got: unknown): StatusError {
  return mergeFailure(`expected a ${goTypes[expected]}, but received a ${goType(got)}`);
}

/** Go's `%v` of a decoded JSON value: `map[a:1 b:[x y]]`, keys sorted. */
export function describeMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describeMap).join(' ')}]`;
  if (!isMap(value)) return value === null ? '<nil>' : String(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${describeMap(value[key])}`);
  return `map[${entries.join(' ')}]`;
}

const goTypes = { slice: '[]interface {}', map: 'map[string]interface {}' } as const;

/** The Go type of a decoded JSON value; null has none, which Go prints so. */
function goType(value: unknown): string {
  if (Array.isArray(value)) return goTypes.slice;
  if (isMap(value)) return goTypes.map;
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return value === null ? '%!s(<nil>)' : typeof value;
}
