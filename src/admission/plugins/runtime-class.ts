import type { Pod, RuntimeClass, Toleration } from '../../../generated/types/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { canonicalQuantity } from '../../machinery/quantity.ts';
import { failure } from '../../machinery/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../types.ts';
import { refusal } from './refusal.ts';

const runtimeClasses = { group: 'node.k8s.io', resource: 'runtimeclasses' };
const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** What a runtime costs and where it runs becomes part of the pods that choose it (plugin/pkg/admission/runtimeclass). */
export function runtimeClass(reader: ObjectReader): AdmissionPlugin<Pod> {
  return {
    name: 'RuntimeClass',
    rules: [{ resource: 'pods', operations: ['CREATE'] }],
    async admit(attributes) {
      const chosen = await chosenClass(reader, attributes);
      if (!chosen) return;
      setOverhead(attributes, chosen);
      setScheduling(attributes, chosen);
    },
    async validate(attributes) {
      const overhead = (await chosenClass(reader, attributes))?.overhead;
      const own = attributes.object.spec?.overhead;
      if (overhead && !sameAmounts(own, overhead.podFixed)) throw refusal(attributes, mismatch);
      if (!overhead && own !== undefined) throw refusal(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    },
  };
}

async function chosenClass(reader: ObjectReader, attributes: AdmissionAttributes<Pod>): Promise<Readonly<RuntimeClass> | undefined> {
  const name = attributes.object.spec?.runtimeClassName;
  if (name === undefined) return undefined;
  if (name === '') throw failure(500, '', 'resource name may not be empty');
  const found = await reader.get<RuntimeClass>(runtimeClasses, undefined, name);
  if (!found) throw refusal(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(attributes: AdmissionAttributes<Pod>, { overhead }: Readonly<RuntimeClass>): void {
  if (!overhead) return;
  const spec = attributes.object.spec!;
  if (spec.overhead !== undefined && !sameAmounts(spec.overhead, overhead.podFixed)) throw refusal(attributes, mismatch);
  if (overhead.podFixed) spec.overhead = { ...overhead.podFixed };
}

function setScheduling(attributes: AdmissionAttributes<Pod>, { scheduling }: Readonly<RuntimeClass>): void {
  if (!scheduling) return;
  const spec = attributes.object.spec!;
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      throw refusal(attributes, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`);
    }
  }
  if (scheduling.nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...scheduling.nodeSelector };
  if (scheduling.tolerations) spec.tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations);
}

/** Both lists; of equal ones the first stays. */
function mergeTolerations(own: readonly Toleration[], more: readonly Toleration[]): Toleration[] {
  const all: Toleration[] = [];
  for (const one of [...own, ...more]) if (!all.some((other) => semanticEqual(other, one))) all.push({ ...one });
  return all;
}

function sameAmounts(a: Readonly<Record<string, string>> | undefined, b: Readonly<Record<string, string>> | undefined): boolean {
  const canonical = (from: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(from).map(([key, text]) => [key, canonicalQuantity(text)]));
  return semanticEqual(canonical(a), canonical(b));
}
