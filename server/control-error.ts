import type { Request } from 'express';

/** A refused control request: an HTTP status, an id for programs and a sentence for people. */
export class ControlError extends Error {
  constructor(
    readonly status: number,
    readonly id: string,
    message: string,
  ) {
    super(message);
  }
}

/** The request's JSON object, empty without a body. @throws ControlError 400 for any other JSON */
export function bodyOf(request: Request): Readonly<Record<string, unknown>> {
  const body: unknown = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ControlError(400, 'BadRequest', 'the body must be a JSON object');
  return body as Record<string, unknown>;
}
