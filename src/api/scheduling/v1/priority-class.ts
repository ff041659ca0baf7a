import type { PriorityClass } from '../../../../generated/types/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';

/** The classes that the API server makes itself (pkg/apis/scheduling/v1 SystemPriorityClasses). */
export const systemPriorityClasses: readonly PriorityClass[] = [
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
].map((one) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', preemptionPolicy: 'PreemptLowerPriority', ...one }));

const highestUserValue = 1_000_000_000;
const policies = ['Never', 'PreemptLowerPriority'];

/** pkg/apis/scheduling/v1 SetDefaults_PriorityClass. */
export function setPriorityClassDefaults(one: PriorityClass): void {
  one.value ??= 0;
  one.preemptionPolicy ??= 'PreemptLowerPriority';
  // Go leaves out what is false.
  if (one.globalDefault === false) delete one.globalDefault;
}

/** pkg/apis/scheduling/validation ValidatePriorityClass. */
export function validatePriorityClass(one: PriorityClass): FieldError[] {
  return mistakesOf((mistakes) => {
    const name = one.metadata?.name ?? '';
    if (name.startsWith('system-')) {
      const wrong = systemMistake(name, one);
      if (wrong) mistakes.forbidden(path('metadata', 'name'), `priority class names with 'system-' prefix are reserved for system use only. error: ${wrong}`);
    } else if (one.value > highestUserValue) mistakes.forbidden(path('value'), `maximum allowed value of a user defined priority is ${highestUserValue}`);
    const policy = one.preemptionPolicy;
    if (policy === '') mistakes.required(path('preemptionPolicy'));
    else if (policy !== undefined && !policies.includes(policy)) mistakes.notSupported(path('preemptionPolicy'), policy, ['PreemptLowerPriority', 'Never']);
  });
}

function systemMistake(name: string, one: PriorityClass): string | undefined {
  const known = systemPriorityClasses.find((system) => system.metadata?.name === name);
  if (!known) return `${name} is not a known system priority class`;
  if (one.value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return one.globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

/** ValidatePriorityClassUpdate: a priority never changes, since pods carry it. */
export function validatePriorityClassUpdate(next: PriorityClass, previous: Readonly<PriorityClass>): FieldError[] {
  return mistakesOf((mistakes) => {
    if (next.value !== previous.value) mistakes.forbidden(path('value'), 'may not be changed in an update.');
    mistakes.immutable(path('preemptionPolicy'), next.preemptionPolicy ?? null, next.preemptionPolicy === previous.preemptionPolicy);
  });
}
