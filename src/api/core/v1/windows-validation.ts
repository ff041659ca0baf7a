import type { PodSpec, WindowsSecurityContextOptions } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isDns1123Subdomain } from '../../meta/names.ts';
import { allContainers } from './containers.ts';

const maxCredentialBytes = 64 * 1024;
const maxDomainBytes = 256;
const maxUserBytes = 104;
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const domainLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const domainName = new RegExp(`^${domainLabel}(?:\\.${domainLabel})*$`);

/** What a pod or a container says of Windows (pkg/apis/core/validation validateWindowsSecurityContextOptions). */
export function validateWindowsOptions(mistakes: Mistakes, options: WindowsSecurityContextOptions | undefined, at: FieldPath): void {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credential, runAsUserName } = options ?? {};
  if (name !== undefined) mistakes.invalid(at.child('gmsaCredentialSpecName'), name, isDns1123Subdomain(name));
  if (credential === '') mistakes.invalid(at.child('gmsaCredentialSpec'), credential, 'gmsaCredentialSpec cannot be an empty string');
  else if (credential !== undefined && byteLength(credential) > maxCredentialBytes)
    mistakes.invalid(at.child('gmsaCredentialSpec'), credential, 'gmsaCredentialSpec size must be under 64 KiB');
  if (runAsUserName !== undefined) mistakes.invalid(at.child('runAsUserName'), runAsUserName, wrongInUserName(runAsUserName));
}

/** `DOMAIN\user`, or the user alone. */
function wrongInUserName(text: string): string[] {
  if (text === '') return ['runAsUserName cannot be an empty string'];
  if (/[\u0000-\u001f\u007f]/.test(text)) return ['runAsUserName cannot contain control characters'];
  const parts = text.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) as string;
  const domain = parts.length === 2 ? parts[0] : undefined;
  const wrong: string[] = [];
  if (domain !== undefined && byteLength(domain) >= maxDomainBytes) wrong.push(`runAsUserName's Domain length must be under ${maxDomainBytes} characters`);
  if (domain !== undefined && !netBiosName.test(domain) && !domainName.test(domain))
    wrong.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === '') wrong.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > maxUserBytes) wrong.push(`runAsUserName's User length must not be longer than ${maxUserBytes} characters`);
  if (/^[. ]+$/.test(user)) wrong.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) wrong.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return wrong;
}

/** Containers that are processes of their Windows host: all of a pod, or none (validateWindowsHostProcessPod). */
export function validateHostProcesses(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let [containers, hostProcesses] = [0, 0];
  for (const [container, path] of allContainers(spec, at)) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    containers += 1;
    if (own ?? ofPod) hostProcesses += 1;
    if (ofPod === undefined || own === undefined || ofPod === own) continue;
    const same = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
    mistakes.invalid(path.child('securityContext', 'windowsOptions', 'hostProcess'), own, same);
  }
  if (hostProcesses === 0) return;
  if (hostProcesses !== containers) mistakes.invalid(at, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers');
  if (!spec.hostNetwork) mistakes.invalid(at.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers');
}

/** What a pod for Linux may not say (validateLinux). */
export function validateLinuxPod(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  const contexts = [[spec, at] as const, ...allContainers(spec, at)];
  for (const [{ securityContext }, path] of contexts)
    if (securityContext?.windowsOptions) mistakes.forbidden(path.child('securityContext', 'windowsOptions'), 'windows options cannot be set for a linux pod');
}

/** What a pod for Windows may not say, in upstream's order; those without a dot stand in the spec itself. */
const notForWindows = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
];

const notForWindowsContainers = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** Flags of the spec that say nothing when they are false: Go has no pointer to them. */
const plainFlags = new Set(['hostPID', 'hostIPC']);

/** validateWindows. */
export function validateWindowsPod(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  const refuse = (path: FieldPath): void => mistakes.forbidden(path, 'cannot be set for a windows pod');
  const isSet = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0);
  for (const place of notForWindows) {
    const [first = '', second] = place.split('.');
    const value = (spec as unknown as Readonly<Record<string, unknown>>)[first];
    if (second) {
      if (isSet((value as Readonly<Record<string, unknown>> | undefined)?.[second])) refuse(at.child(first, second));
    } else if (plainFlags.has(first) ? value : isSet(value)) refuse(at.child(first));
  }
  for (const [{ securityContext }, path] of allContainers(spec, at))
    for (const field of notForWindowsContainers) if (securityContext?.[field] !== undefined) refuse(path.child('securityContext', field));
}
