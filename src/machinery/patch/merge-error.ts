import { goPlain, goType } from '../go-syntax.ts';
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
  return mergeFailure(`unknown patch type: ${String(type)} in map: ${goPlain(map)}`);
}

export function noMergeKey(map: Json, key: string): StatusError {
  return mergeFailure(`map: ${goPlain(map)} does not contain declared merge key: ${key}`);
}

export function badType(expected: 'slice' | 'map', got: unknown): StatusError {
  return mergeFailure(`expected a ${goTypes[expected]}, but received a ${got === null ? nilType : goType(got)}`);
}

const goTypes = { slice: '[]interface {}', map: 'map[string]interface {}' } as const;
/** Null has no type, which Go prints so. */
const nilType = '%!s(<nil>)';
