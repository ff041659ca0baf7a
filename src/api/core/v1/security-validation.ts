import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, rangeMessage } from '../../meta/names.ts';
import { validateLocalPath } from './volume-sources.ts';
import { validateWindowsOptions } from './windows-validation.ts';

const maxId = 0x7fffffff;
/** The longest path, without the byte that ends it. */
const maxProfileBytes = 4095;
const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const sysctlPattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';

function validateId(mistakes: Mistakes, id: number | undefined, at: FieldPath): void {
  if (id !== undefined && (id < 0 || id > maxId)) mistakes.invalid(at, id, rangeMessage(0, maxId));
}

/** pkg/apis/core/validation ValidateSecurityContext: of one container. */
export function validateSecurityContext(mistakes: Mistakes, context: SecurityContext | undefined, hostUsers: boolean, at: FieldPath): void {
  if (!context) return;
  validateId(mistakes, context.runAsUser, at.child('runAsUser'));
  validateId(mistakes, context.runAsGroup, at.child('runAsGroup'));
  if (context.procMount !== undefined) {
    if (!['Default', 'Unmasked'].includes(context.procMount)) mistakes.notSupported(at.child('procMount'), context.procMount, ['Default', 'Unmasked']);
    if (hostUsers && context.procMount === 'Unmasked')
      mistakes.invalid(at.child('procMount'), context.procMount, '`hostUsers` must be false to use `Unmasked`');
  }
  validateSeccomp(mistakes, context.seccompProfile, at.child('seccompProfile'));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) mistakes.invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      mistakes.invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN');
  }
  validateWindowsOptions(mistakes, context.windowsOptions, at.child('windowsOptions'));
  validateAppArmor(mistakes, context.appArmorProfile, at.child('appArmorProfile'));
}

/** pkg/apis/core/validation validatePodSpecSecurityContext. */
export function validatePodSecurityContext(mistakes: Mistakes, context: PodSecurityContext | undefined, spec: PodSpec, at: FieldPath): void {
  if (!context) return;
  validateId(mistakes, context.fsGroup, at.child('fsGroup'));
  validateId(mistakes, context.runAsUser, at.child('runAsUser'));
  validateId(mistakes, context.runAsGroup, at.child('runAsGroup'));
  (context.supplementalGroups ?? []).forEach((id, i) => {
    validateId(mistakes, id, at.child('supplementalGroups').index(i));
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    mistakes.invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  validateSysctls(mistakes, context, spec, at.child('sysctls'));
  validateChoice(mistakes, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], at.child('fsGroupChangePolicy'));
  validateSeccomp(mistakes, context.seccompProfile, at.child('seccompProfile'));
  validateWindowsOptions(mistakes, context.windowsOptions, at.child('windowsOptions'));
  validateAppArmor(mistakes, context.appArmorProfile, at.child('appArmorProfile'));
  validateChoice(mistakes, context.supplementalGroupsPolicy, ['Merge', 'Strict'], at.child('supplementalGroupsPolicy'));
  // MountOption stands behind a gate that is off (SELinuxMount).
  validateChoice(mistakes, context.seLinuxChangePolicy, ['Recursive'], at.child('seLinuxChangePolicy'));
}

function validateChoice(mistakes: Mistakes, value: string | undefined, supported: readonly string[], at: FieldPath): void {
  if (value !== undefined && !supported.includes(value)) mistakes.notSupported(at, value, supported);
}

function validateSysctls(mistakes: Mistakes, context: PodSecurityContext, spec: PodSpec, at: FieldPath): void {
  const seen = new Set<string>();
  (context.sysctls ?? []).forEach(({ name }, i) => {
    const path = at.index(i).child('name');
    if (!name) mistakes.required(path);
    else if (name.length > 253 || !new RegExp(sysctlPattern).test(name))
      mistakes.invalid(path, name, `must have at most 253 characters and match regex ${sysctlPattern}`);
    else if (seen.has(name)) mistakes.duplicate(path, name);
    const space = (name ?? '').replaceAll('/', '.');
    if (spec.hostNetwork && space.startsWith('net.')) mistakes.invalid(path, name, "may not be specified when 'hostNetwork' is true");
    else if (spec.hostIPC && (space.startsWith('kernel.shm') || space.startsWith('kernel.msg') || space === 'kernel.sem' || space.startsWith('fs.mqueue.'))) {
      mistakes.invalid(path, name, "may not be specified when 'hostIPC' is true");
    }
    seen.add(name);
  });
}

function validateSeccomp(mistakes: Mistakes, profile: SeccompProfile | undefined, at: FieldPath): void {
  if (!profile) return;
  if (!profile.type) mistakes.required(at.child('type'), 'type is required when seccompProfile is set');
  else if (!profileTypes.includes(profile.type)) mistakes.notSupported(at.child('type'), profile.type, profileTypes);
  const local = profile.localhostProfile;
  if (profile.type !== 'Localhost') {
    if (local !== undefined) mistakes.invalid(at.child('localhostProfile'), profile, 'can only be set when seccomp type is Localhost');
  } else if (local === undefined) mistakes.required(at.child('localhostProfile'), 'must be set when seccomp type is Localhost');
  else validateLocalPath(mistakes, local, at.child('localhostProfile'));
}

export function validateAppArmor(mistakes: Mistakes, profile: AppArmorProfile | undefined, at: FieldPath): void {
  if (!profile) return;
  const local = profile.localhostProfile;
  const path = at.child('localhostProfile');
  if (!profile.type) mistakes.required(at.child('type'), 'type is required when appArmorProfile is set');
  else if (!profileTypes.includes(profile.type)) mistakes.notSupported(at.child('type'), profile.type, profileTypes);
  else if (profile.type !== 'Localhost') {
    if (local !== undefined) mistakes.invalid(path, local, 'can only be set when AppArmor type is Localhost');
  } else {
    if (!local) mistakes.required(path, 'must be set when AppArmor type is Localhost');
    else if (local.trim() !== local) mistakes.invalid(path, local, 'must not be padded with whitespace');
    if (byteLength(local ?? '') > maxProfileBytes) mistakes.tooLong(path, maxProfileBytes);
  }
}
