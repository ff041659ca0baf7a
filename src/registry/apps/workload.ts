import type { PodTemplateSpec } from '../../../generated/types/index.ts';
import { podTemplateWarnings, workloadNameWarnings } from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import type { KubeObject } from '../../machinery/types.ts';

interface Workload extends KubeObject {
  spec?: unknown;
}

/** A workload's generation counts the changes of its spec; annotations count too, since rollouts copy them (upstream: deployments only). */
export function setGeneration(next: Workload, previous: Readonly<Workload>, withAnnotations: boolean): void {
  const before = previous.metadata?.generation ?? 0;
  const same = semanticEqual(next.spec, previous.spec) && (!withAnnotations || semanticEqual(next.metadata?.annotations, previous.metadata?.annotations));
  next.metadata!.generation = same ? before : before + 1;
}

interface Templated extends KubeObject {
  spec?: { template?: PodTemplateSpec };
}

/** Warnings of workloads with a pod template: on an update only if the spec has changed (upstream looks at the generation). */
export const templateWarnings = {
  warningsOnCreate: ({ metadata, spec }: Templated): string[] => [...workloadNameWarnings(metadata?.name ?? ''), ...podTemplateWarnings(spec?.template)],
  warningsOnUpdate: ({ metadata, spec }: Templated, previous: Readonly<Templated>): string[] =>
    metadata?.generation === previous.metadata?.generation ? [] : podTemplateWarnings(spec?.template),
};
