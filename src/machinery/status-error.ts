import { aggregateText } from './aggregate.ts';
import type { FieldError } from './field-error.ts';
import type { GroupResource } from './types.ts';
import { formatGroupResource } from './types.ts';

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The Status object of meta/v1. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/**
 * How the API fails: an error that carries the Status a client gets, and headers that its answer has beside those of every failure.
 * Texts are upstream's (apimachinery/pkg/api/errors).
 *
 * It knows nothing of where it was made: most are answers that are wanted, such as the 409 of a lost race, and noting the stack would take
 * longer than finding the conflict. A client notes where it was called.
 */
export class StatusError extends Error {
  static {
    StatusError.prototype.name = 'StatusError';
  }

  constructor(
    readonly status: Status,
    readonly headers?: Readonly<Record<string, string>>,
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(status.message);
    Error.stackTraceLimit = stackTraceLimit;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

export function failure(code: number, reason: string, message: string, details?: StatusDetails): StatusError {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message };
  if (reason) status.reason = reason;
  if (details) status.details = details;
  status.code = code;
  return new StatusError(status);
}

function about(resource: GroupResource, name: string): StatusDetails {
  const details: StatusDetails = {};
  if (name) details.name = name;
  if (resource.group) details.group = resource.group;
  details.kind = resource.resource;
  return details;
}

function quoted(resource: GroupResource, name: string): string {
  return `${formatGroupResource(resource)} ${JSON.stringify(name)}`;
}

export function notFound(resource: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${quoted(resource, name)} not found`, about(resource, name));
}

export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return failure(409, 'AlreadyExists', `${quoted(resource, name)} already exists`, about(resource, name));
}

export function conflict(resource: GroupResource, name: string, why: string): StatusError {
  return failure(409, 'Conflict', `Operation cannot be fulfilled on ${quoted(resource, name)}: ${why}`, about(resource, name));
}

/**
 * A 422 that names every mistake. `kind` is the object's kind, `Pod`; the group goes into the details.
 * @param isCut whether there may be more mistakes than `errors` (see `findMistakes`)
 */
export function invalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[], isCut = false): StatusError {
  const shown = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
  const causes = causesOf(errors);
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  if (causes.length < errors.length) texts.push(`and ${isCut ? 'at least ' : ''}${errors.length - causes.length} more`);
  return failure(422, 'Invalid', `${shown} ${JSON.stringify(name)} is invalid: ${aggregateText(texts)}`, {
    ...(name ? { name } : {}),
    ...(kind.group ? { group: kind.group } : {}),
    ...(kind.kind ? { kind: kind.kind } : {}),
    causes,
  });
}

const causesMax = 1000;
const causeCharactersMax = 1024 * 1024;

/**
 * As many mistakes as fit into an answer.
 * Differs from upstream: it tells them all, which makes 350 MB of a body of 2 MB, and keeps everybody else waiting for seconds.
 */
function causesOf(errors: readonly FieldError[]): { reason: string; message: string; field: string }[] {
  const causes: { reason: string; message: string; field: string }[] = [];
  let characters = 0;
  for (const error of errors) {
    if (causes.length === causesMax || characters > causeCharactersMax) break;
    const message = error.body();
    characters += message.length;
    causes.push({ reason: error.type, message, field: error.field });
  }
  return causes;
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}

export function unauthorized(): StatusError {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

export function forbidden(resource: GroupResource, name: string, why: string): StatusError {
  const subject = !resource.resource ? 'forbidden' : name ? `${quoted(resource, name)} is forbidden` : `${formatGroupResource(resource)} is forbidden`;
  return failure(403, 'Forbidden', `${subject}: ${why}`, about(resource, name));
}

/** 410: the revision asked for is compacted, or a watcher fell behind. */
export function expired(message: string): StatusError {
  return failure(410, 'Expired', message);
}

export function internalError(why: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${why}`, { causes: [{ message: why }] });
}

export function tooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}

export function unsupportedMediaType(message: string): StatusError {
  return failure(415, 'UnsupportedMediaType', message);
}

export function notAcceptable(message: string): StatusError {
  return failure(406, 'NotAcceptable', message);
}

/** What paperkube does not simulate, refused by name. */
export function notSimulated(what: string): StatusError {
  return failure(501, 'NotImplemented', `paperkube does not simulate ${what}`);
}

export function isStatusError(error: unknown): error is StatusError {
  return error instanceof StatusError;
}

const withReason =
  (reason: string) =>
  (error: unknown): boolean =>
    error instanceof StatusError && error.reason === reason;

export const isNotFound = withReason('NotFound');
export const isAlreadyExists = withReason('AlreadyExists');
export const isConflict = withReason('Conflict');
export const isInvalid = withReason('Invalid');
export const isForbidden = withReason('Forbidden');

/** For `catch` where what has gone already is as good. Throws every other error. */
export function ignoreNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}

/** 410, whichever way it is worded. */
export function isExpired(error: unknown): boolean {
  return error instanceof StatusError && error.code === 410;
}
