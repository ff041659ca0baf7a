import type { Lease } from '../../../../generated/types/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { Mistakes } from '../../meta/mistakes.ts';

/** What is wrong with a lease, beside its metadata (pkg/apis/coordination/validation ValidateLease). */
export function validateLease(lease: Lease): FieldError[] {
  const mistakes = new Mistakes();
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = lease.spec ?? {};
  if (seconds !== undefined && seconds <= 0) mistakes.invalid(path('spec', 'leaseDurationSeconds'), seconds, 'must be greater than 0');
  if (transitions !== undefined && transitions < 0) mistakes.invalid(path('spec', 'leaseTransitions'), transitions, 'must be greater than or equal to 0');
  return mistakes.list;
}
