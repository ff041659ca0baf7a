import type { ControllerRevision } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';

/** pkg/apis/apps/validation ValidateControllerRevision. */
export function validateControllerRevision(revision: ControllerRevision): FieldError[] {
  return mistakesOf((mistakes) => {
    if (revision.data === undefined || revision.data === null) mistakes.required(path('data'), 'data is mandatory');
    mistakes.nonNegative(path('revision'), revision.revision);
  });
}

export function validateControllerRevisionUpdate(next: ControllerRevision, previous: Readonly<ControllerRevision>): FieldError[] {
  const frozen = mistakesOf((mistakes) => mistakes.immutable(path('data'), next.data, semanticEqual(next.data, previous.data)));
  return [...validateControllerRevision(next), ...frozen];
}
