import type { Event, EventsV1Event } from '../../../../generated/types/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { parseTime } from '../../../machinery/time.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isQualifiedName, nameIsSubdomain } from '../../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';

const maxNoteBytes = 1024;

/** pkg/apis/core/validation legacyValidateEvent: events of core/v1 are checked for little. */
export function validateEvent(event: Event): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, event.metadata, true, nameIsSubdomain);
  validateNamespaceOfEvent(mistakes, event);
  return mistakes.list;
}

/** The event lives beside what it is about; events of cluster-wide objects live in `default`. */
function validateNamespaceOfEvent(mistakes: Mistakes, event: Event): void {
  const [own, involved] = [event.metadata?.namespace ?? '', event.involvedObject?.namespace ?? ''];
  const at = path('involvedObject', 'namespace');
  if (!involved) {
    if (own !== 'default' && own !== 'kube-system') mistakes.invalid(at, involved, 'does not match event.namespace');
  } else if (own !== involved) mistakes.invalid(at, involved, 'does not match event.namespace');
}

export function validateEventUpdate(next: Event, previous: Readonly<Event>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  mistakes.add(validateEvent(next));
  return mistakes.list;
}

/** What events.k8s.io/v1 asks beyond that when an event is created (ValidateEventCreate). */
export function validateEventsV1(event: EventsV1Event): FieldError[] {
  const mistakes = new Mistakes();
  if (parseTime(event.eventTime) === undefined) mistakes.required(path('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') mistakes.invalid(path('type'), event.type ?? '', `has invalid value: ${event.type ?? ''}`);
  const controller = event.reportingController ?? '';
  if (!controller) mistakes.required(path('reportingController'));
  mistakes.invalid(path('reportingController'), controller, isQualifiedName(controller));
  const lengths = { reportingInstance: event.reportingInstance, action: event.action, reason: event.reason } as const;
  for (const [field, value] of Object.entries(lengths)) {
    if (!value) mistakes.required(path(field));
    else if (byteLength(value) > 128) mistakes.invalid(path(field), '', 'can have at most 128 characters');
  }
  if (byteLength(event.note ?? '') > maxNoteBytes) mistakes.invalid(path('message'), '', 'can have at most 1024 characters');
  return mistakes.list;
}
