import type { AppArmorProfile, Container, EphemeralContainer, ObjectMeta, Pod, PodSpec, SeccompProfile } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldPath, path } from '../../../machinery/field-error.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { mirrorPodAnnotation } from './pod-status.ts';
import { validateAppArmor } from './security-validation.ts';
import { validateLocalPath } from './volume-sources.ts';

const maxInt32 = 2147483647;
const annotationsPath = path('metadata', 'annotations');
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const localhost = 'localhost/';

type Annotations = Readonly<Record<string, string>>;
type AnyContainer = Container | EphemeralContainer;

/** What annotations say that Kubernetes itself reads (pkg/apis/core/validation ValidatePodSpecificAnnotations). */
export function validatePodAnnotations(mistakes: Mistakes, { metadata, spec }: Pod): void {
  const { annotations } = metadata ?? {};
  if (!annotations) return;
  const mirror = annotations[mirrorPodAnnotation];
  if (mirror !== undefined && !spec?.nodeName) {
    mistakes.invalid(annotationsPath.key(mirrorPodAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set');
  }
  const cost = annotations[deletionCost];
  if (cost !== undefined && !(/^(0|-?[1-9]\d*)$/.test(cost) && Math.abs(Number(cost)) <= maxInt32)) {
    mistakes.invalid(annotationsPath.key(deletionCost), cost, 'must be a 32bit integer');
  }
  if (annotations[seccompOfPod] !== undefined) validateSeccompText(mistakes, annotations[seccompOfPod], annotationsPath.child(seccompOfPod));
  for (const [key, value] of Object.entries(annotations)) {
    if (key.startsWith(seccompPrefix)) validateSeccompText(mistakes, value, annotationsPath.child(key));
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(appArmorPrefix)) continue;
    const name = key.slice(appArmorPrefix.length);
    if (!containersOf(spec).some(([container]) => container.name === name)) mistakes.invalid(annotationsPath.key(key), name, 'container not found');
    const known = value === '' || value === 'runtime/default' || value === 'unconfined' || value.startsWith(localhost);
    if (!known) mistakes.invalid(annotationsPath.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`);
  }
}

function validateSeccompText(mistakes: Mistakes, value: string, at: FieldPath): void {
  if (value === 'runtime/default' || value === 'docker/default' || value === 'unconfined') return;
  if (value.startsWith(localhost)) validateLocalPath(mistakes, value.slice(localhost.length), at);
  else mistakes.invalid(at, value, 'must be a valid seccomp profile');
}

/** What was said of a pod's nature when it was made stays said (ValidatePodSpecificAnnotationUpdates). */
export function validatePodAnnotationUpdates(mistakes: Mistakes, next: Pod, previous: Readonly<Pod>): void {
  const [now, then] = [next.metadata?.annotations ?? {}, previous.metadata?.annotations ?? {}] as const;
  const refuse = (key: string, what: string): void => {
    const at = annotationsPath.key(key);
    if (key.startsWith(appArmorPrefix)) mistakes.forbidden(at, `may not ${what} AppArmor annotations`);
    if (key === mirrorPodAnnotation) mistakes.forbidden(at, `may not ${what} mirror pod annotation`);
  };
  for (const key of Object.keys(then)) if (now[key] !== then[key]) refuse(key, 'remove or update');
  for (const key of Object.keys(now)) if (then[key] === undefined) refuse(key, 'add');
  validatePodAnnotations(mistakes, next);
}

/** Who says a profile twice must say the same (validateSeccompAnnotationsAndFields, validateAppArmorAnnotationsAndFieldsMatchOnCreate). */
export function validateProfileAnnotations(mistakes: Mistakes, { metadata, spec }: Pod): void {
  const { annotations } = metadata ?? {};
  if (!annotations || !spec || !namesProfiles(annotations)) return;
  const ofPod = spec.securityContext?.seccompProfile;
  const at = path('spec');
  validateMatch(mistakes, 'seccomp', annotations[seccompOfPod], ofPod, at.child('securityContext', 'seccompProfile'));
  for (const [container, field, index] of containersOf(spec)) {
    const profile = container.securityContext?.seccompProfile;
    const where = at.child(field).index(index).child('securityContext', 'seccompProfile');
    validateMatch(mistakes, 'seccomp', annotations[seccompPrefix + container.name], profile, where);
  }
  if (spec.os?.name === 'windows') return;
  for (const [container, field, index] of containersOf(spec)) {
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const where = at.child(field).index(index).child('securityContext', 'appArmorProfile');
    validateMatch(mistakes, 'apparmor', annotations[appArmorPrefix + container.name], profile, where);
  }
}

function namesProfiles(annotations: Annotations): boolean {
  for (const key in annotations) if (key === seccompOfPod || key.startsWith(seccompPrefix) || key.startsWith(appArmorPrefix)) return true;
  return false;
}

type Profile = SeccompProfile | AppArmorProfile | undefined;

function validateMatch(mistakes: Mistakes, kind: 'seccomp' | 'apparmor', said: string | undefined, profile: Profile, at: FieldPath): void {
  if (said === undefined || !profile) return;
  const same =
    (profile.type === 'Unconfined' && said === 'unconfined') ||
    (profile.type === 'RuntimeDefault' && (said === 'runtime/default' || (kind === 'seccomp' && said === 'docker/default'))) ||
    (profile.type === 'Localhost' && said.startsWith(localhost)) ||
    !['Unconfined', 'RuntimeDefault', 'Localhost'].includes(profile.type);
  if (!same) mistakes.forbidden(at.child('type'), `${kind} type in annotation and field must match`);
  else if (profile.type === 'Localhost' && said.slice(localhost.length) !== profile.localhostProfile) {
    mistakes.forbidden(at.child('localhostProfile'), `${kind} profile in annotation and field must match`);
  }
}

/**
 * A profile that a new pod names in a field stands in an annotation too, and the other way round, for kubelets and clients that
 * know only one of them (pkg/registry/core/pod applyAppArmorVersionSkew).
 */
export function syncAppArmor(pod: Pod, warn: (text: string) => void): void {
  const { spec } = pod;
  const metadata = pod.metadata!;
  if (!spec || spec.os?.name === 'windows') return;
  const ofPod = spec.securityContext?.appArmorProfile;
  for (const field of containerFields) for (const container of spec[field] ?? []) syncContainer(metadata, container, ofPod, warn);
}

function syncContainer(metadata: ObjectMeta, container: AnyContainer, ofPod: AppArmorProfile | undefined, warn: (text: string) => void): void {
  const key = appArmorPrefix + container.name;
  const annotation = metadata.annotations?.[key];
  const profile = container.securityContext?.appArmorProfile;
  if (annotation === undefined) {
    const text = annotationFor(profile ?? ofPod);
    if (text) (metadata.annotations ??= {})[key] = text;
  } else if (!profile) {
    const field = profileFor(annotation);
    if (field && semanticEqual(field, ofPod)) return;
    if (field) container.securityContext = { ...container.securityContext, appArmorProfile: field };
    warn(`${annotationsPath.key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}

function annotationFor(profile: AppArmorProfile | undefined): string {
  if (profile?.type === 'Unconfined') return 'unconfined';
  if (profile?.type === 'RuntimeDefault') return 'runtime/default';
  return profile?.type === 'Localhost' && profile.localhostProfile !== undefined ? localhost + profile.localhostProfile : '';
}

/** None if the annotation says nothing that a field may say. */
function profileFor(annotation: Annotations[string]): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!annotation.startsWith(localhost) || annotation === localhost) return undefined;
  const profile: AppArmorProfile = { type: 'Localhost', localhostProfile: annotation.slice(localhost.length) };
  const mistakes = new Mistakes();
  validateAppArmor(mistakes, profile, path('spec'));
  return mistakes.list.length === 0 ? profile : undefined;
}

/** In the order in which upstream visits them. */
const containerFields = ['initContainers', 'containers', 'ephemeralContainers'] as const;

function containersOf(spec: PodSpec | undefined): [container: AnyContainer, field: string, index: number][] {
  return containerFields.flatMap((field) => (spec?.[field] ?? []).map((one, index): [AnyContainer, string, number] => [one, field, index]));
}
