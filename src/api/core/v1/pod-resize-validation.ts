import type { Container, ContainerResizePolicy, Pod, PodSpec, ResourceRequirements } from '../../../../generated/types/index.ts';
import { clone, semanticEqual } from '../../../machinery/deep.ts';
import { FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { compareQuantities } from '../../../machinery/quantity.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { validateObjectMetaUpdate } from '../../meta/object-meta.ts';
import { isSidecar, qosClass } from './pod-resources.ts';
import { isMirrorPod } from './pod-status.ts';
import { validateMetadataAndSpec } from './pod-validation.ts';

type Amounts = Readonly<Record<string, string>>;

const specPath = path('spec');
const lists = ['containers', 'initContainers'] as const;
const onlyComputeIsMutable = 'only cpu and memory resources are mutable';

/**
 * What `pods/resize` may change (ValidatePodResize of 1.33): CPU and memory of app containers and sidecars, without a change of
 * the QoS class. `next` is the pod as its strategy has prepared it, so that all but resources and resize policies is the old.
 */
export function validatePodResize(next: Pod, previous: Readonly<Pod>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  validateMetadataAndSpec(mistakes, next);
  const never = whyNeverResized(next, previous);
  if (never) return never;
  if ((previous.status?.qosClass || qosClass(previous)) !== qosClass(next)) {
    mistakes.invalid(specPath, next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing');
  }
  if (!nodeCanResize(previous)) mistakes.forbidden(specPath, 'Pod running on node without support for resize');
  if (!validateSameContainers(mistakes, next, previous)) return mistakes.list;
  const [spec, old] = [next.spec as PodSpec, previous.spec as PodSpec];
  for (const field of ['initContainers', 'containers'] as const) {
    (old[field] ?? []).forEach((container, i) => {
      if (field === 'initContainers' && !isSidecar(container)) return;
      validateAmounts(mistakes, spec[field]![i] as Container, container, specPath.child(field).index(i).child('resources'));
    });
  }
  const rest = clone(spec);
  for (const field of lists)
    for (const [i, container] of (rest[field] ?? []).entries()) validateRest(mistakes, container, (old[field] as Container[])[i]!, field);
  if (mistakes.list.length === 0 && !semanticEqual(rest, old)) mistakes.forbidden(specPath, onlyComputeIsMutable);
  return mistakes.list;
}

/** Pods of some kinds are refused with this alone, whatever else is wrong. */
function whyNeverResized(next: Pod, previous: Readonly<Pod>): FieldError[] | undefined {
  const setsPodResources = ({ spec }: Readonly<Pod>) =>
    Object.keys(spec?.resources?.requests ?? {}).length + Object.keys(spec?.resources?.limits ?? {}).length > 0;
  const refused = (why: string): FieldError[] => [new FieldError('FieldValueForbidden', '', '', why)];
  if (setsPodResources(previous) || setsPodResources(next)) return refused('pods with pod-level resources cannot be resized');
  if (isMirrorPod(previous)) return refused('static pods cannot be resized');
  if (previous.spec?.os?.name === 'windows') return refused('windows pods cannot be resized');
  return undefined;
}

/** A kubelet that can resize shows the resources of running containers in their status. */
function nodeCanResize({ status }: Readonly<Pod>): boolean {
  const running = status?.containerStatuses?.find((one) => one.state?.running);
  return !running || running.resources !== undefined;
}

/** What follows compares containers by their place. */
function validateSameContainers(mistakes: Mistakes, next: Pod, previous: Readonly<Pod>): boolean {
  let same = true;
  for (const field of lists) {
    const [containers, old] = [next.spec?.[field] ?? [], previous.spec?.[field] ?? []];
    if (containers.length !== old.length) {
      mistakes.forbidden(specPath.child(field), `${field} may not be added or removed on resize`);
      same = false;
      continue;
    }
    containers.forEach(({ name }, i) => {
      if (name === old[i]?.name) return;
      mistakes.forbidden(specPath.child(field).index(i).child('name'), `${field} may not be renamed or reordered on resize`);
      same = false;
    });
  }
  return same;
}

function validateAmounts(mistakes: Mistakes, next: Container, previous: Container, at: FieldPath): void {
  const [resources, old] = [next.resources ?? {}, previous.resources ?? {}];
  if (lacksOneOf(resources.requests, old.requests)) mistakes.forbidden(at.child('requests'), 'resource requests cannot be removed');
  if (lacksOneOf(resources.limits, old.limits)) mistakes.forbidden(at.child('limits'), 'resource limits cannot be removed');
  if (restartsFor('memory', next.resizePolicy)) return;
  const [limit, oldLimit] = [resources.limits?.memory, old.limits?.memory];
  if (limit === undefined) return;
  const where = at.child('limits').key('memory');
  if (oldLimit === undefined) mistakes.forbidden(where, 'memory limits cannot be added unless resizePolicy is RestartContainer');
  else if (compareQuantities(limit, oldLimit) < 0) mistakes.forbidden(where, 'memory limits cannot be decreased unless resizePolicy is RestartContainer');
}

function lacksOneOf(amounts: Amounts = {}, old: Amounts = {}): boolean {
  return Object.keys(old).some((name) => amounts[name] === undefined);
}

/** Whether a container has to be restarted for a new amount to take effect; without a policy it has not. */
export function restartsFor(resource: 'cpu' | 'memory', policies: readonly ContainerResizePolicy[] | undefined): boolean {
  return policies?.find((one) => one.resourceName === resource)?.restartPolicy === 'RestartContainer';
}

/** Puts CPU and memory back where they may change: what still differs is forbidden. */
function validateRest(mistakes: Mistakes, container: Container, old: Container, field: (typeof lists)[number]): void {
  if (field === 'initContainers' && !isSidecar(container)) {
    if (!semanticEqual(container, old)) mistakes.forbidden(specPath, 'resources for non-sidecar init containers are immutable');
    return;
  }
  container.resources = withOldCompute(container.resources ?? {}, old.resources ?? {});
  if (semanticEqual(container, old)) return;
  mistakes.forbidden(specPath, field === 'containers' ? onlyComputeIsMutable : 'only cpu and memory resources for sidecar containers are mutable');
}

/** Claims go, as they do upstream: a container that has some cannot be resized. */
function withOldCompute({ limits, requests }: ResourceRequirements, old: ResourceRequirements): ResourceRequirements {
  const side = (amounts: Amounts = {}, before: Amounts | undefined): Record<string, string> => {
    if (!before) return {};
    const { cpu: _cpu, memory: _memory, ...others } = amounts;
    return { ...others, ...(before.cpu === undefined ? {} : { cpu: before.cpu }), ...(before.memory === undefined ? {} : { memory: before.memory }) };
  };
  return { limits: side(limits, old.limits), requests: side(requests, old.requests) };
}
