import fastJsonPatch, { type Operation } from 'fast-json-patch';
import { badRequest, failure, type StatusError, tooLarge } from '../status-error.ts';

/** Limits of the API server (apiserver/pkg/endpoints/handlers/patch.go). */
const operationsMax = 10_000;

const knownOperations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * Applies a JSON patch (RFC 6902) to a copy of `document`.
 * @throws StatusError 400 if the patch is no list of operations, 413 above 10 000 of them, 422 if one cannot be applied
 */
export function applyJsonPatch<T>(document: T, operations: unknown): T {
  if (!Array.isArray(operations)) throw badRequest(`json: cannot unmarshal ${goKind(operations)} into Go value of type jsonpatch.Patch`);
  if (operations.length > operationsMax) {
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${operations.length}`);
  }
  for (const operation of operations) {
    if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) {
      throw badRequest(`json: cannot unmarshal ${goKind(operation)} into Go value of type jsonpatch.Operation`);
    }
    if (!knownOperations.has((operation as { op?: string }).op as string)) throw unprocessable();
    if (pointsBeyondLists(document, operation as { path?: unknown; from?: unknown })) throw unprocessable();
  }
  try {
    // Validation on: without it the library accepts operations that point nowhere. The document is not mutated, since a
    // failing operation would otherwise leave it half patched (and stored objects are frozen).
    return fastJsonPatch.applyPatch(document, withExplicitValues(operations as Operation[]), true, false).newDocument;
  } catch {
    throw unprocessable();
  }
}

/** Whether a pointer names an item that no list can have. The library reads such a number as 32 bits, and so as another item. */
function pointsBeyondLists(document: unknown, { path, from }: { path?: unknown; from?: unknown }): boolean {
  return [path, from].some((pointer) => {
    if (typeof pointer !== 'string' || !/\/\d{10}/.test(pointer)) return false;
    let at: unknown = document;
    for (const part of pointer.slice(1).split('/')) {
      if (Array.isArray(at) && Number(part) > 2 ** 31) return true;
      at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
    }
    return false;
  });
}

/** The library calls a missing `value` an error but upstream reads it as null; nothing else differs. */
function withExplicitValues(operations: readonly Operation[]): Operation[] {
  return operations.map((operation) => {
    const needsValue = operation.op === 'add' || operation.op === 'replace' || operation.op === 'test';
    return needsValue && !('value' in operation) ? ({ ...(operation as object), value: null } as unknown as Operation) : operation;
  });
}

/** What the server says of any patch that does not fit the object, without the reason (errors.NewGenericServerResponse). */
export function unprocessable(): StatusError {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}
