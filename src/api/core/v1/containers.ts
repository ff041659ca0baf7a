import type { Container, EphemeralContainer, PodSpec } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';

/** All containers of a pod with where they stand, in the order in which upstream visits them (pkg/api/pod VisitContainersWithPath). */
export function* allContainers(spec: PodSpec, at: FieldPath): Generator<readonly [Container | EphemeralContainer, FieldPath]> {
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    for (const [i, container] of (spec[field] ?? []).entries()) yield [container, at.child(field).index(i)];
}
