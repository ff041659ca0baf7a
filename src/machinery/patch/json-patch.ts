import fastJsonPatch, { type Operation } from 'fast-json-patch';
import { clone } from '../deep.ts';
import { goJsonKind } from '../go-syntax.ts';
import { badRequest, failure, type StatusError, tooLarge } from '../status-error.ts';

/** Limits of the API server (apiserver/pkg/endpoints/handlers/patch.go): the length of a patch, and what its copies may add in bytes. */
const operationsMax = 10_000;
const copiedBytesMax = 3 * 1024 * 1024;

const knownOperations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * Applies a JSON patch (RFC 6902) to a copy of `document`.
 * @throws StatusError 400 if the patch is no list of operations, 413 above 10 000 of them, 422 if one cannot be applied
 */
export function applyJsonPatch<T>(document: T, operations: unknown): T {
  if (!Array.isArray(operations)) throw badRequest(`json: cannot unmarshal ${goJsonKind(operations)} into Go value of type jsonpatch.Patch`);
  if (operations.length > operationsMax) {
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${operations.length}`);
  }
  for (const operation of operations) {
    if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) {
      throw badRequest(`json: cannot unmarshal ${goJsonKind(operation)} into Go value of type jsonpatch.Operation`);
    }
    if (!knownOperations.has((operation as { op?: string }).op as string) || !hasPointers(operation)) throw unprocessable();
  }
  // A copy, since an operation that fails leaves it half patched (and stored objects are frozen).
  // Sets of fields are shared by copies, unless the patch is about them.
  let patched = operations.some(isAboutFields) ? structuredClone(document) : clone(document);
  let copiedBytes = 0;
  for (const operation of withExplicitValues(operations as Operation[])) {
    if (operation.op === 'replace' && operation.path === '') {
      patched = replacedWhole(patched, operation.value) as typeof patched;
      continue;
    }
    const resolved = asUpstream(patched, { ...operation, ...pointersOf(patched, operation) } as Operation);
    if (resolved.op === 'copy') {
      copiedBytes += Buffer.byteLength(JSON.stringify(valueAt(patched, resolved.from) ?? null));
      if (copiedBytes > copiedBytesMax) throw unprocessable();
    }
    if (resolved.op === 'test' && resolved.value === null && isAbsent(patched, resolved.path)) continue; // Absent is null, as upstream has it.
    try {
      // Validation on: without it the library accepts operations that point nowhere.
      patched = fastJsonPatch.applyOperation(patched, resolved, true, true).newDocument;
    } catch {
      throw unprocessable();
    }
  }
  return patched;
}

/** Upstream's library loses what it puts in the place of the whole object, and takes nothing but maps and lists. */
function replacedWhole(before: unknown, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return before;
  return Array.isArray(value) ? value : {};
}

function isAboutFields({ path, from }: { readonly path: string; readonly from?: unknown }): boolean {
  return path.includes('/fieldsV1') || (typeof from === 'string' && from.includes('/fieldsV1'));
}

/** Whether an operation says where, and where from if it needs to. The whole object can be tested and replaced, but not moved. */
function hasPointers({ op, path, from }: { readonly op?: unknown; readonly path?: unknown; readonly from?: unknown }): boolean {
  const isWhole = path === '' && (op === 'test' || op === 'replace');
  return (isPointer(path) || isWhole) && (isPointer(from) || (op !== 'move' && op !== 'copy'));
}

function isPointer(pointer: unknown): boolean {
  return typeof pointer === 'string' && pointer.includes('/');
}

/** Where nothing is, upstream's library finds null: it is replaced, and copied. */
function asUpstream(document: unknown, operation: Operation): Operation {
  if (operation.op === 'replace' && isAbsent(document, operation.path)) return { ...operation, op: 'add' };
  if (operation.op === 'copy' && isAbsent(document, operation.from)) return { op: 'add', path: operation.path, value: null };
  return operation;
}

function valueAt(document: unknown, pointer: string): unknown {
  return pointer.split('/').slice(1).reduce(childOf, document);
}

/** The pointers of an operation, with indices that count from the end of a list resolved. */
function pointersOf(document: unknown, operation: Operation): { path: string; from?: string } {
  const path = fromFirstSlash(operation.path);
  const from = 'from' in operation ? fromFirstSlash(operation.from) : undefined;
  if (pointsBeyondLists(document, { path, from })) throw unprocessable();
  const inserts = operation.op === 'add' || operation.op === 'move' || operation.op === 'copy';
  return {
    path: countedFromFront(document, path, inserts),
    ...(from === undefined ? {} : { from: countedFromFront(document, from, false) }),
  };
}

/** What stands before the first slash is not looked at, as upstream has it. */
function fromFirstSlash(pointer: string): string {
  return pointer.slice(Math.max(0, pointer.indexOf('/')));
}

/** An index of -1 is the last item, or the place behind it where something is inserted. */
function countedFromFront(document: unknown, pointer: string, inserts: boolean): string {
  if (!pointer.includes('/-')) return pointer;
  let at: unknown = document;
  const parts = pointer.split('/').slice(1);
  const out = parts.map((part, i) => {
    let key = part;
    if (Array.isArray(at) && /^-\d+$/.test(part)) {
      const length = at.length + (inserts && i === parts.length - 1 ? 1 : 0);
      const index = Number(part) + (Number(part) < 0 ? length : 0);
      if (index < 0) throw unprocessable();
      key = String(index);
    }
    at = childOf(at, key);
    return key;
  });
  return `/${out.join('/')}`;
}

function childOf(at: unknown, part: string): unknown {
  const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
  return typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;
}

/** Whether a pointer names a field that is not there, of a map that is. */
function isAbsent(document: unknown, pointer: string): boolean {
  const parts = pointer.split('/').slice(1);
  const last = parts.pop();
  const parent = parts.reduce(childOf, document);
  return last !== undefined && typeof parent === 'object' && parent !== null && !Array.isArray(parent) && childOf(parent, last) === undefined;
}

/** Whether a pointer names an item that no list can have. The library reads such a number as 32 bits, and so as another item. */
function pointsBeyondLists(document: unknown, { path, from }: { path: string; from: string | undefined }): boolean {
  return [path, from].some((pointer) => {
    if (pointer === undefined || !/\/\d{10}/.test(pointer)) return false;
    let at: unknown = document;
    for (const part of pointer.slice(1).split('/')) {
      if (Array.isArray(at) && Number(part) > 2 ** 31) return true;
      at = childOf(at, part);
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
