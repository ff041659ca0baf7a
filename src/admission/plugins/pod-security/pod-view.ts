import type { Container, ObjectMeta, PodSpec, SecurityContext } from '../../../../generated/types/index.ts';

/** A pod, or what a template would make. */
export interface PodView {
  readonly metadata: Readonly<ObjectMeta>;
  readonly spec: Readonly<PodSpec>;
}

/** What a check finds wrong; `detail` goes in parentheses behind `reason`. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type PodCheck = (pod: PodView) => Violation | undefined;

/** All containers, in the order in which upstream visits them. */
export function containersOf({ spec }: PodView): readonly Readonly<Container>[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...((spec.ephemeralContainers ?? []) as readonly Container[])];
}

/** Names of the containers of which `wrong` holds. */
export function containersWhere(pod: PodView, wrong: (security: Readonly<SecurityContext>, container: Readonly<Container>) => boolean): string[] {
  return containersOf(pod)
    .filter((container) => wrong(container.securityContext ?? {}, container))
    .map((container) => container.name);
}

export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many);

/** `"a", "b"`. */
export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** `container "a"`, `containers "a", "b"`. */
export const containersNamed = (names: readonly string[]): string => `${plural('container', 'containers', names.length)} ${quoted(names)}`;

/** `pod and container "a"`: those who set something they must not. */
export function setters(pod: boolean, containers: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containersNamed(containers)] : [])].join(' and ');
}

export const sortedUnique = (values: Iterable<string>): string[] => [...new Set(values)].sort();

/** Rules about Linux do not bind pods that say they are for Windows. */
export const exceptOnWindows =
  (check: PodCheck): PodCheck =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : check(pod);
