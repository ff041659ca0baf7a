import type { SELinuxOptions } from '../../../../generated/types/index.ts';
import type { PodCheck } from './pod-view.ts';
import { containersNamed, containersOf, containersWhere, plural, quoted, setters, sortedUnique } from './pod-view.ts';

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

export const appArmorProfile: PodCheck = (pod) => {
  const bad = (type: string | undefined) => type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const podType = pod.spec.securityContext?.appArmorProfile?.type;
  const containers = containersWhere(pod, (security) => bad(security.appArmorProfile?.type));
  const types = [podType, ...containersOf(pod).map((one) => one.securityContext?.appArmorProfile?.type)].filter(bad) as string[];
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorAnnotation) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const who = [setters(bad(podType), containers), annotations.length > 0 ? plural('annotation', 'annotations', annotations.length) : ''].filter(
    (one) => one !== '',
  );
  if (who.length === 0) return undefined;
  const values = [...sortedUnique(types), ...annotations];
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
);

export const capabilitiesBaseline: PodCheck = (pod) => {
  const added = (add: readonly string[] = []) => add.filter((one) => !defaultCapabilities.has(one));
  const containers = containersWhere(pod, (security) => added(security.capabilities?.add).length > 0);
  if (containers.length === 0) return undefined;
  const names = sortedUnique(containersOf(pod).flatMap((one) => added(one.securityContext?.capabilities?.add)));
  return { reason: 'non-default capabilities', detail: `${containersNamed(containers)} must not include ${quoted(names)} in securityContext.capabilities.add` };
};

export const hostNamespaces: PodCheck = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]).map((name) => `${name}=true`);
  return used.length > 0 ? { reason: 'host namespaces', detail: used.join(', ') } : undefined;
};

export const hostPathVolumes: PodCheck = ({ spec }) => {
  const names = (spec.volumes ?? []).filter((volume) => volume.hostPath).map((volume) => volume.name);
  return names.length > 0 ? { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` } : undefined;
};

export const hostPorts: PodCheck = (pod) => {
  const containers = containersOf(pod).filter((one) => (one.ports ?? []).some((port) => port.hostPort));
  if (containers.length === 0) return undefined;
  const ports = sortedUnique(containers.flatMap((one) => (one.ports ?? []).filter((port) => port.hostPort).map((port) => String(port.hostPort))));
  const uses = `${plural('uses', 'use', containers.length)} ${plural('hostPort', 'hostPorts', ports.length)} ${ports.join(', ')}`;
  return { reason: 'hostPort', detail: `${containersNamed(containers.map((one) => one.name))} ${uses}` };
};

export const privileged: PodCheck = (pod) => {
  const containers = containersWhere(pod, (security) => security.privileged === true);
  return containers.length > 0 ? { reason: 'privileged', detail: `${containersNamed(containers)} must not set securityContext.privileged=true` } : undefined;
};

export const procMount: PodCheck = (pod) => {
  const bad = (type: string | undefined) => type !== undefined && type !== 'Default';
  const containers = containersWhere(pod, (security) => bad(security.procMount));
  if (containers.length === 0) return undefined;
  const types = sortedUnique(containersOf(pod).flatMap((one) => (bad(one.securityContext?.procMount) ? [one.securityContext?.procMount as string] : [])));
  return { reason: 'procMount', detail: `${containersNamed(containers)} must not set securityContext.procMount to ${quoted(types)}` };
};

const selinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxOptionsWith =
  (allowed: readonly string[]): PodCheck =>
  (pod) => {
    const bad = (options: SELinuxOptions | undefined) => options !== undefined && (!allowed.includes(options.type ?? '') || !!options.user || !!options.role);
    const ofPod = pod.spec.securityContext?.seLinuxOptions;
    const containers = containersWhere(pod, (security) => bad(security.seLinuxOptions));
    if (!bad(ofPod) && containers.length === 0) return undefined;
    const all = [ofPod, ...containersOf(pod).map((one) => one.securityContext?.seLinuxOptions)].flatMap((one) => one ?? []);
    const types = sortedUnique(all.map((one) => one.type ?? '').filter((type) => !allowed.includes(type)));
    const data = [
      ...(types.length > 0 ? [`${plural('type', 'types', types.length)} ${quoted(types)}`] : []),
      ...(all.some((one) => one.user) ? ['user may not be set'] : []),
      ...(all.some((one) => one.role) ? ['role may not be set'] : []),
    ];
    return { reason: 'seLinuxOptions', detail: `${setters(bad(ofPod), containers)} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}` };
  };

export const seLinuxOptions = seLinuxOptionsWith(selinuxTypes);
/** 1.31: container_engine_t is harmless too. */
export const seLinuxOptions31 = seLinuxOptionsWith([...selinuxTypes, 'container_engine_t']);

const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';

/** Before 1.19 seccomp was a matter of annotations. */
export const seccompAnnotations: PodCheck = (pod) => {
  const fine = (value: string) => value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
  const keys = [seccompPodAnnotation, ...containersOf(pod).map((one) => seccompContainerAnnotation + one.name)];
  const bad = sortedUnique(
    keys.flatMap((key) => {
      const value = pod.metadata.annotations?.[key];
      return value === undefined || fine(value) ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  return { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', 'annotations', bad.length)} ${bad.join(', ')}` };
};

/** Whether a profile takes the protection away. */
export const isBadSeccomp = (type: string | undefined): boolean => type !== undefined && type !== 'Localhost' && type !== 'RuntimeDefault';

export const seccompProfile: PodCheck = (pod) => {
  const ofPod = pod.spec.securityContext?.seccompProfile?.type;
  const containers = containersWhere(pod, (security) => isBadSeccomp(security.seccompProfile?.type));
  if (!isBadSeccomp(ofPod) && containers.length === 0) return undefined;
  const types = [ofPod, ...containersOf(pod).map((one) => one.securityContext?.seccompProfile?.type)].filter(isBadSeccomp) as string[];
  const who = setters(isBadSeccomp(ofPod), containers);
  return { reason: 'seccompProfile', detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sortedUnique(types))}` };
};

/** Kernel settings that stay within the pod, by the version that added them. */
const safeSysctls: readonly (readonly [minor: number, names: readonly string[]])[] = [
  [
    0,
    ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [29, ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
];

export const sysctlVersions = safeSysctls.map(([minor]) => minor);

export function sysctls(minor: number): PodCheck {
  const allowed = new Set(safeSysctls.filter(([from]) => from <= minor).flatMap(([, names]) => names));
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).map((one) => one.name).filter((name) => !allowed.has(name));
    return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
  };
}

export const windowsHostProcess: PodCheck = (pod) => {
  const ofPod = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
  const containers = containersWhere(pod, (security) => security.windowsOptions?.hostProcess === true);
  if (!ofPod && containers.length === 0) return undefined;
  return { reason: 'hostProcess', detail: `${setters(ofPod, containers)} must not set securityContext.windowsOptions.hostProcess=true` };
};
