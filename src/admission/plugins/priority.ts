import type { Pod, PriorityClass } from '../../../generated/types/index.ts';
import { failure, forbidden } from '../../machinery/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../types.ts';
import { refusal } from './refusal.ts';

const classes = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };

/** Classes that every cluster has, whether or not their objects are stored. */
const systemClasses: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 };

/** Turns a pod's priorityClassName into its priority and preemption policy (plugin/pkg/admission/priority). */
export function priority(reader: ObjectReader): AdmissionPlugin<Pod> {
  return {
    name: 'Priority',
    rules: [
      { resource: 'pods', operations: ['CREATE', 'UPDATE'] },
      { resource: 'priorityclasses', group: classes.group, operations: ['CREATE', 'UPDATE'] },
    ],
    async validate(attributes) {
      if (attributes.resource.resource === classes.resource) await checkOnlyDefault(reader, attributes as unknown as AdmissionAttributes<PriorityClass>);
    },
    async admit({ operation, object: pod, oldObject, name, resource }) {
      if (resource.resource !== 'pods') return;
      const spec = pod?.spec;
      if (!spec) return;
      if (operation === 'UPDATE') {
        // Clients that do not know the fields leave them out; they keep what was decided on creation.
        const old = oldObject?.spec;
        if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
        if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) spec.preemptionPolicy = old.preemptionPolicy;
        return;
      }
      const shown = name || pod.metadata?.generateName || '';
      const { value, policy } = await resolve(reader, pod, shown);
      if (spec.priority !== undefined && spec.priority !== value) {
        const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
        throw forbidden({ group: '', resource: 'pods' }, shown, why);
      }
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
        const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
        throw forbidden({ group: '', resource: 'pods' }, shown, why);
      }
      spec.priority = value;
      spec.preemptionPolicy = policy;
    },
  };
}

/** There is one default at most, so that no pod depends on which of them was found first. */
async function checkOnlyDefault(reader: ObjectReader, attributes: AdmissionAttributes<PriorityClass>): Promise<void> {
  if (!attributes.object.globalDefault) return;
  const all = await reader.list<PriorityClass>(classes);
  const other = all.find((one) => one.globalDefault && (attributes.operation === 'CREATE' || one.metadata?.name !== attributes.name));
  if (other) throw refusal(attributes, `PriorityClass ${other.metadata?.name} is already marked as default. Only one default can exist`);
}

async function resolve(reader: ObjectReader, pod: Pod, shown: string): Promise<{ value: number; policy: string }> {
  const spec = pod.spec!;
  if (!spec.priorityClassName) return fromDefault(reader, spec);
  const system = systemClasses[spec.priorityClassName];
  const found = await reader.get<PriorityClass>(classes, undefined, spec.priorityClassName);
  if (found) return { value: found.value, policy: found.preemptionPolicy ?? 'PreemptLowerPriority' };
  if (system !== undefined) return { value: system, policy: 'PreemptLowerPriority' };
  if (!shown) throw failure(403, 'Forbidden', `no PriorityClass with name ${spec.priorityClassName} was found`);
  throw forbidden({ group: '', resource: 'pods' }, shown, `no PriorityClass with name ${spec.priorityClassName} was found`);
}

/** Without a name: the class marked globalDefault, the lowest if there are several, or zero. */
async function fromDefault(reader: ObjectReader, spec: NonNullable<Pod['spec']>): Promise<{ value: number; policy: string }> {
  const all = await reader.list<PriorityClass>(classes);
  const [chosen] = all.filter((one) => one.globalDefault).sort((a, b) => a.value - b.value);
  if (!chosen) return { value: 0, policy: 'PreemptLowerPriority' };
  spec.priorityClassName = chosen.metadata?.name ?? '';
  return { value: chosen.value, policy: chosen.preemptionPolicy ?? 'PreemptLowerPriority' };
}
