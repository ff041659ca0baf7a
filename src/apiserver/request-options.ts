import type { FieldError } from '../machinery/field-error.ts';
import { FieldError as FieldErrorClass, forbiddenField, invalidValue, required, tooLong } from '../machinery/field-error.ts';
import { badRequest, failure, invalid } from '../machinery/status-error.ts';
import type { ListQuery, ResourceVersionMatch, WatchQuery } from '../registry/generic/options.ts';
import { parseListRevision, parseRevision } from '../registry/generic/revision.ts';
import type { Selection } from '../registry/generic/selection.ts';
import { queryFlag } from './request-info.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Empty if the request names none. */
  readonly fieldManager: string;
  /** Undefined if the request does not say. */
  readonly force: boolean | undefined;
}

const metaGroup = 'meta.k8s.io';
const fieldManagerMaxBytes = 128;

/**
 * The options of a write that stand in the query. `kind` is `CreateOptions`, `UpdateOptions` or `PatchOptions`.
 * @throws StatusError 422
 */
export function writeOptions(kind: string, query: URLSearchParams, byDefault: FieldValidation, patch: 'apply' | 'other' = 'other'): WriteOptions {
  if (query.size === 0 && patch === 'other') return { dryRun: false, fieldValidation: byDefault, fieldManager: '', force: undefined };
  const dryRun = dryRunOf(kind, query.getAll('dryRun'));
  const fieldManager = query.get('fieldManager') ?? '';
  const errors: FieldError[] = [];
  const forced = kind === 'PatchOptions' ? query.get('force') : null;
  const force = forced === null ? undefined : queryFlag(forced);
  if (patch === 'apply' && fieldManager === '') errors.push(required('fieldManager', 'is required for apply patch'));
  if (patch === 'other' && force !== undefined) errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  if (Buffer.byteLength(fieldManager) > fieldManagerMaxBytes) errors.push(tooLong('fieldManager', fieldManagerMaxBytes));
  errors.push(...unprintable(fieldManager));
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    errors.push(notSupportedInOrder('fieldValidation', fieldValidation, ['Ignore', 'Warn', 'Strict']));
  }
  if (errors.length > 0) throw invalid({ group: metaGroup, kind }, '', errors);
  return { dryRun, fieldValidation: (fieldValidation || byDefault) as FieldValidation, fieldManager, force };
}

/** One mistake for each character that cannot be printed, with its place in bytes. */
function unprintable(fieldManager: string): FieldError[] {
  const errors: FieldError[] = [];
  let at = 0;
  for (const character of fieldManager) {
    if (!isPrintable(character)) {
      const point = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalidValue('fieldManager', fieldManager, `invalid character U+${point} (at position ${at})`));
    }
    at += Buffer.byteLength(character);
  }
  return errors;
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the plain space. */
export function isPrintable(character: string): boolean {
  if (/^[ -~]$/.test(character)) return true; // Nearly always, and the other expression takes over a millisecond to compile.
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}

/** `All` is the only way to ask for a dry run. */
export function dryRunOf(kind: string, values: readonly string[]): boolean {
  if (values.length === 0) return false;
  if (values.every((value) => value === 'All')) return true;
  const shown = `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
  const body = `Unsupported value: ${shown}: supported values: "All"`;
  throw failure(422, 'Invalid', `${kind}.${metaGroup} "" is invalid: dryRun: ${body}`, {
    group: metaGroup,
    kind,
    causes: [{ reason: 'FieldValueNotSupported', message: body, field: 'dryRun' }],
  });
}

export function notSupportedInOrder(field: string, value: string, supported: readonly string[]): FieldError {
  return new FieldErrorClass('FieldValueNotSupported', field, value, `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`);
}

/** A whole number in the query. @throws StatusError 400 with Go's text */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  // Go's 64 bits; what lies between them and the safe integers is only ever compared.
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}

/** The options of a list. @throws StatusError 400, 422, or 500 for a version that is no number, as upstream */
export function listQuery(query: URLSearchParams, namespace: string | undefined, selection: Selection): ListQuery {
  const resourceVersion = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const continueToken = query.get('continue') ?? '';
  if (match || query.has('sendInitialEvents')) checkListOptions(query);
  const limit = Math.max(0, queryInteger(query, 'limit') ?? 0);
  queryInteger(query, 'timeoutSeconds'); // Means nothing to a list, and is decoded all the same.
  const revision = resourceVersion === '' ? undefined : parseListRevision(resourceVersion);
  return { namespace, selection, limit, continueToken, revision, match: match as ResourceVersionMatch };
}

/** @throws StatusError 422 */
function checkListOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const resourceVersion = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];
  const forbidden = (why: string) => errors.push(forbiddenField('resourceVersionMatch', `resourceVersionMatch ${why}`));
  if (match) {
    if (!resourceVersion) forbidden('is forbidden unless resourceVersion is provided');
    if (query.get('continue')) forbidden('is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupportedInOrder('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0') forbidden('"exact" is forbidden for resourceVersion "0"');
  }
  if (query.has('sendInitialEvents')) errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (errors.length > 0) throw invalid({ group: metaGroup, kind: 'ListOptions' }, '', errors);
}

/** The options of a watch. `watchList` says whether it may send what is there already, and tell when that is done. Fails as `listQuery` does. */
export function watchQuery(query: URLSearchParams, namespace: string | undefined, selection: Selection, watchList: boolean): WatchQuery {
  // By the old path, a watch that does not call itself one is checked as a list.
  if (queryFlag(query.get('watch'))) checkWatchOptions(query, watchList);
  else checkListOptions(query);
  queryInteger(query, 'limit'); // Means nothing to a watch, and is decoded all the same.
  const initial = query.get('sendInitialEvents');
  const resourceVersion = query.get('resourceVersion') ?? '';
  return {
    namespace,
    selection,
    revision: resourceVersion === '' ? undefined : parseRevision(resourceVersion, 'resourceVersion'),
    bookmarks: queryFlag(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : queryFlag(initial),
    timeoutSeconds: queryInteger(query, 'timeoutSeconds'),
  };
}

/** @throws StatusError 422 */
function checkWatchOptions(query: URLSearchParams, watchList: boolean): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = query.get('sendInitialEvents');
  const errors: FieldError[] = [];
  if (initial !== null && match !== 'NotOlderThan') {
    errors.push(forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (initial !== null && !watchList) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled'));
  }
  if (match) {
    if (initial === null) {
      errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    }
    if (match !== 'NotOlderThan') errors.push(notSupportedInOrder('resourceVersionMatch', match, ['NotOlderThan']));
    if (query.get('continue')) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
  }
  if (errors.length > 0) throw invalid({ group: metaGroup, kind: 'ListOptions' }, '', errors);
}
