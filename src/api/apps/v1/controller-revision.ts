import type { ControllerRevision } from '../../../../generated/types/index.ts';
import { goJson } from '../../../machinery/codec/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { goRaw } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';

/** pkg/apis/apps/validation ValidateControllerRevisionCreate. */
export function validateControllerRevision({ data, revision }: ControllerRevision): FieldError[] {
  return mistakesOf((mistakes) => {
    mistakes.nonNegative(path('revision'), revision);
    if (data === undefined || data === null) mistakes.required(path('data'), 'data is mandatory');
    else if (typeof data !== 'object' || Array.isArray(data)) mistakes.required(path('data'), 'data must be a valid JSON object');
  });
}

/** ValidateControllerRevisionUpdate: what a revision holds is not looked at again, it stays. */
export function validateControllerRevisionUpdate(next: ControllerRevision, previous: Readonly<ControllerRevision>): FieldError[] {
  return mistakesOf((mistakes) => {
    mistakes.nonNegative(path('revision'), next.revision);
    if (goJson(next.data ?? null) !== goJson(previous.data ?? null)) mistakes.immutable(path('data'), goRaw(next.data), false);
  });
}
