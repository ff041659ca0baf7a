import type { GoStruct } from '../../meta/go-diff.ts';

const kinds = { s: 'string', p: 'pointer', l: 'list', m: 'map', o: 'struct', b: 'bool' } as const;

/** `Name:s` lists a field and the kind of its Go type: string, pointer, list, map, struct (o), bool. */
function fields(text: string): GoStruct['fields'] {
  return text.split(' ').map((one) => {
    const [name, kind] = one.split(':') as [string, keyof typeof kinds];
    return { name, kind: kinds[kind] };
  });
}

const container: GoStruct = {
  type: 'core.Container',
  fields: fields(
    'Name:s Image:s Command:l Args:l WorkingDir:s Ports:l EnvFrom:l Env:l Resources:o ResizePolicy:l RestartPolicy:p VolumeMounts:l VolumeDevices:l ' +
      'LivenessProbe:p ReadinessProbe:p StartupProbe:p Lifecycle:p TerminationMessagePath:s TerminationMessagePolicy:s ImagePullPolicy:s SecurityContext:p Stdin:b StdinOnce:b TTY:b',
  ),
};

/** The internal type of a pod's spec, field by field in its own order: the order in which a diff shows them. */
export const podSpecFields: GoStruct = {
  type: 'core.PodSpec',
  fields: fields(
    'Volumes:l InitContainers:l Containers:l EphemeralContainers:l RestartPolicy:s TerminationGracePeriodSeconds:p ActiveDeadlineSeconds:p DNSPolicy:s NodeSelector:m ' +
      'ServiceAccountName:s AutomountServiceAccountToken:p NodeName:s SecurityContext:p ImagePullSecrets:l Hostname:s Subdomain:s SetHostnameAsFQDN:p Affinity:p SchedulerName:s ' +
      'Tolerations:l HostAliases:l PriorityClassName:s Priority:p PreemptionPolicy:p DNSConfig:p ReadinessGates:l RuntimeClassName:p Overhead:m EnableServiceLinks:p ' +
      'TopologySpreadConstraints:l OS:p SchedulingGates:l ResourceClaims:l Resources:p',
  ),
  elements: { Containers: container, InitContainers: container },
};

/** The internal type of a claim's spec. */
export const claimSpecFields: GoStruct = {
  type: 'core.PersistentVolumeClaimSpec',
  fields: fields('AccessModes:l Selector:p Resources:o VolumeName:s StorageClassName:p VolumeMode:p DataSource:p DataSourceRef:p VolumeAttributesClassName:p'),
};

/** The internal type of what a volume is made of; none of its fields is set but one. */
export const volumeSourceFields: GoStruct = {
  type: 'core.PersistentVolumeSource',
  fields: fields(
    'GCEPersistentDisk:p AWSElasticBlockStore:p HostPath:p Glusterfs:p NFS:p RBD:p Quobyte:p ISCSI:p FlexVolume:p Cinder:p CephFS:p FC:p Flocker:p AzureFile:p ' +
      'VsphereVolume:p AzureDisk:p PhotonPersistentDisk:p PortworxVolume:p ScaleIO:p Local:p StorageOS:p CSI:p',
  ),
};
