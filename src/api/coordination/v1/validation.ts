import type { Lease } from '../../../../generated/types/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { nameIsSubdomain } from '../../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';

/** pkg/apis/coordination/validation ValidateLease. */
export function validateLease(lease: Lease): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, lease.metadata, true, nameIsSubdomain);
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions, strategy, preferredHolder } = lease.spec ?? {};
  if (seconds !== undefined && seconds <= 0) mistakes.invalid(path('spec', 'leaseDurationSeconds'), seconds, 'must be greater than 0');
  if (transitions !== undefined && transitions < 0) mistakes.invalid(path('spec', 'leaseTransitions'), transitions, 'must be greater than or equal to 0');
  if (preferredHolder && !strategy) mistakes.forbidden(path('spec', 'preferredHolder'), 'may only be specified if `strategy` is defined');
  return mistakes.list;
}

export function validateLeaseUpdate(next: Lease, previous: Readonly<Lease>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  mistakes.add(validateLease(next));
  return mistakes.list;
}
