import type { PodSpec } from '../../../../generated/types/index.ts';
import { GoTypes } from '../../meta/go-diff/index.ts';

const containerFields = `Name:string Image:string Command:[]string Args:[]string WorkingDir:string Ports:[]core.ContainerPort EnvFrom:[]core.EnvFromSource
  Env:[]core.EnvVar Resources:core.ResourceRequirements ResizePolicy:[]core.ContainerResizePolicy RestartPolicy:*core.ContainerRestartPolicy
  VolumeMounts:[]core.VolumeMount VolumeDevices:[]core.VolumeDevice LivenessProbe:*core.Probe ReadinessProbe:*core.Probe StartupProbe:*core.Probe
  Lifecycle:*core.Lifecycle TerminationMessagePath:string TerminationMessagePolicy:core.TerminationMessagePolicy ImagePullPolicy:core.PullPolicy
  SecurityContext:*core.SecurityContext Stdin:bool StdinOnce:bool TTY:bool`;

/** The internal types (pkg/apis/core) whose values are printed in messages, field by field in their own order. */
const table = `
core.AWSElasticBlockStoreVolumeSource VolumeID:string FSType:string Partition:int32 ReadOnly:bool
core.Affinity NodeAffinity:*core.NodeAffinity PodAffinity:*core.PodAffinity PodAntiAffinity:*core.PodAntiAffinity
core.AppArmorProfile Type:core.AppArmorProfileType LocalhostProfile:*string
core.AzureDiskVolumeSource DiskName:string DataDiskURI(diskURI):string CachingMode:*core.AzureDataDiskCachingMode FSType:*string ReadOnly:*bool
  Kind:*core.AzureDataDiskKind
core.AzureFilePersistentVolumeSource SecretName:string ShareName:string ReadOnly:bool SecretNamespace:*string
core.AzureFileVolumeSource SecretName:string ShareName:string ReadOnly:bool
core.CSIPersistentVolumeSource Driver:string VolumeHandle:string ReadOnly:bool FSType:string VolumeAttributes:map[string]string
  ControllerPublishSecretRef:*core.SecretReference NodeStageSecretRef:*core.SecretReference NodePublishSecretRef:*core.SecretReference
  ControllerExpandSecretRef:*core.SecretReference NodeExpandSecretRef:*core.SecretReference
core.CSIVolumeSource Driver:string ReadOnly:*bool FSType:*string VolumeAttributes:map[string]string NodePublishSecretRef:*core.LocalObjectReference
core.Capabilities Add:[]core.Capability Drop:[]core.Capability
core.CephFSPersistentVolumeSource Monitors:[]string Path:string User:string SecretFile:string SecretRef:*core.SecretReference ReadOnly:bool
core.CephFSVolumeSource Monitors:[]string Path:string User:string SecretFile:string SecretRef:*core.LocalObjectReference ReadOnly:bool
core.CinderPersistentVolumeSource VolumeID:string FSType:string ReadOnly:bool SecretRef:*core.SecretReference
core.CinderVolumeSource VolumeID:string FSType:string ReadOnly:bool SecretRef:*core.LocalObjectReference
core.ClusterTrustBundleProjection Name:*string SignerName:*string LabelSelector:*v1.LabelSelector Optional:*bool Path:string
core.ConfigMapEnvSource ^core.LocalObjectReference Optional:*bool
core.ConfigMapKeySelector ^core.LocalObjectReference Key:string Optional:*bool
core.ConfigMapProjection ^core.LocalObjectReference Items:[]core.KeyToPath Optional:*bool
core.ConfigMapVolumeSource ^core.LocalObjectReference Items:[]core.KeyToPath DefaultMode:*int32 Optional:*bool
core.Container ${containerFields}
core.ContainerPort Name:string HostPort:int32 ContainerPort:int32 Protocol:core.Protocol HostIP:string
core.ContainerResizePolicy ResourceName:core.ResourceName RestartPolicy:core.ResourceResizeRestartPolicy
core.DownwardAPIProjection Items:[]core.DownwardAPIVolumeFile
core.DownwardAPIVolumeFile Path:string FieldRef:*core.ObjectFieldSelector ResourceFieldRef:*core.ResourceFieldSelector Mode:*int32
core.DownwardAPIVolumeSource Items:[]core.DownwardAPIVolumeFile DefaultMode:*int32
core.EmptyDirVolumeSource Medium:core.StorageMedium SizeLimit:*resource.Quantity
core.EnvFromSource Prefix:string ConfigMapRef:*core.ConfigMapEnvSource SecretRef:*core.SecretEnvSource
core.EnvVar Name:string Value:string ValueFrom:*core.EnvVarSource
core.EnvVarSource FieldRef:*core.ObjectFieldSelector ResourceFieldRef:*core.ResourceFieldSelector ConfigMapKeyRef:*core.ConfigMapKeySelector
  SecretKeyRef:*core.SecretKeySelector
core.EphemeralContainer ^core.EphemeralContainerCommon TargetContainerName:string
core.EphemeralVolumeSource VolumeClaimTemplate:*core.PersistentVolumeClaimTemplate
core.ExecAction Command:[]string
core.FCVolumeSource TargetWWNs:[]string Lun:*int32 FSType:string ReadOnly:bool WWIDs:[]string
core.FlexPersistentVolumeSource Driver:string FSType:string SecretRef:*core.SecretReference ReadOnly:bool Options:map[string]string
core.FlexVolumeSource Driver:string FSType:string SecretRef:*core.LocalObjectReference ReadOnly:bool Options:map[string]string
core.FlockerVolumeSource DatasetName:string DatasetUUID:string
core.GCEPersistentDiskVolumeSource PDName:string FSType:string Partition:int32 ReadOnly:bool
core.GRPCAction Port:int32 Service:*string
core.GitRepoVolumeSource Repository:string Revision:string Directory:string
core.GlusterfsPersistentVolumeSource EndpointsName(endpoints):string Path:string ReadOnly:bool EndpointsNamespace:*string
core.GlusterfsVolumeSource EndpointsName(endpoints):string Path:string ReadOnly:bool
core.HTTPGetAction Path:string Port:intstr.IntOrString Host:string Scheme:core.URIScheme HTTPHeaders:[]core.HTTPHeader
core.HTTPHeader Name:string Value:string
core.HostAlias IP:string Hostnames:[]string
core.HostPathVolumeSource Path:string Type:*core.HostPathType
core.ISCSIPersistentVolumeSource TargetPortal:string IQN:string Lun:int32 ISCSIInterface:string FSType:string ReadOnly:bool Portals:[]string
  DiscoveryCHAPAuth(chapAuthDiscovery):bool SessionCHAPAuth(chapAuthSession):bool SecretRef:*core.SecretReference InitiatorName:*string
core.ISCSIVolumeSource TargetPortal:string IQN:string Lun:int32 ISCSIInterface:string FSType:string ReadOnly:bool Portals:[]string
  DiscoveryCHAPAuth(chapAuthDiscovery):bool SessionCHAPAuth(chapAuthSession):bool SecretRef:*core.LocalObjectReference InitiatorName:*string
core.ImageVolumeSource Reference:string PullPolicy:core.PullPolicy
core.KeyToPath Key:string Path:string Mode:*int32
core.Lifecycle PostStart:*core.LifecycleHandler PreStop:*core.LifecycleHandler StopSignal:*core.Signal
core.LifecycleHandler Exec:*core.ExecAction HTTPGet:*core.HTTPGetAction TCPSocket:*core.TCPSocketAction Sleep:*core.SleepAction
core.LocalObjectReference Name:string
core.LocalVolumeSource Path:string FSType:*string
core.NFSVolumeSource Server:string Path:string ReadOnly:bool
core.NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*core.NodeSelector
  PreferredDuringSchedulingIgnoredDuringExecution:[]core.PreferredSchedulingTerm
core.NodeSelector NodeSelectorTerms:[]core.NodeSelectorTerm
core.NodeSelectorRequirement Key:string Operator:core.NodeSelectorOperator Values:[]string
core.NodeSelectorTerm MatchExpressions:[]core.NodeSelectorRequirement MatchFields:[]core.NodeSelectorRequirement
core.ObjectFieldSelector APIVersion:string FieldPath:string
core.ObjectReference Kind:string Namespace:string Name:string UID:types.UID APIVersion:string ResourceVersion:string FieldPath:string
core.PersistentVolumeClaimSpec AccessModes:[]core.PersistentVolumeAccessMode Selector:*v1.LabelSelector Resources:core.VolumeResourceRequirements
  VolumeName:string StorageClassName:*string VolumeMode:*core.PersistentVolumeMode DataSource:*core.TypedLocalObjectReference
  DataSourceRef:*core.TypedObjectReference VolumeAttributesClassName:*string
core.PersistentVolumeClaimTemplate ^v1.ObjectMeta Spec:core.PersistentVolumeClaimSpec
core.PersistentVolumeClaimVolumeSource ClaimName:string ReadOnly:bool
core.PersistentVolumeSource GCEPersistentDisk:*core.GCEPersistentDiskVolumeSource AWSElasticBlockStore:*core.AWSElasticBlockStoreVolumeSource
  HostPath:*core.HostPathVolumeSource Glusterfs:*core.GlusterfsPersistentVolumeSource NFS:*core.NFSVolumeSource RBD:*core.RBDPersistentVolumeSource
  Quobyte:*core.QuobyteVolumeSource ISCSI:*core.ISCSIPersistentVolumeSource FlexVolume:*core.FlexPersistentVolumeSource
  Cinder:*core.CinderPersistentVolumeSource CephFS:*core.CephFSPersistentVolumeSource FC:*core.FCVolumeSource Flocker:*core.FlockerVolumeSource
  AzureFile:*core.AzureFilePersistentVolumeSource VsphereVolume:*core.VsphereVirtualDiskVolumeSource AzureDisk:*core.AzureDiskVolumeSource
  PhotonPersistentDisk:*core.PhotonPersistentDiskVolumeSource PortworxVolume:*core.PortworxVolumeSource ScaleIO:*core.ScaleIOPersistentVolumeSource
  Local:*core.LocalVolumeSource StorageOS:*core.StorageOSPersistentVolumeSource CSI:*core.CSIPersistentVolumeSource
core.PhotonPersistentDiskVolumeSource PdID:string FSType:string
core.PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]core.PodAffinityTerm
  PreferredDuringSchedulingIgnoredDuringExecution:[]core.WeightedPodAffinityTerm
core.PodAffinityTerm LabelSelector:*v1.LabelSelector Namespaces:[]string TopologyKey:string NamespaceSelector:*v1.LabelSelector
  MatchLabelKeys:[]string MismatchLabelKeys:[]string
core.PodAntiAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]core.PodAffinityTerm
  PreferredDuringSchedulingIgnoredDuringExecution:[]core.WeightedPodAffinityTerm
core.PodDNSConfig Nameservers:[]string Searches:[]string Options:[]core.PodDNSConfigOption
core.PodDNSConfigOption Name:string Value:*string
core.PodOS Name:core.OSName
core.PodReadinessGate ConditionType:core.PodConditionType
core.PodResourceClaim Name:string ResourceClaimName:*string ResourceClaimTemplateName:*string
core.PodSchedulingGate Name:string
core.PodSecurityContext HostNetwork:bool HostPID:bool HostIPC:bool ShareProcessNamespace:*bool HostUsers:*bool SELinuxOptions:*core.SELinuxOptions
  WindowsOptions:*core.WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool SupplementalGroups:[]int64
  SupplementalGroupsPolicy:*core.SupplementalGroupsPolicy FSGroup:*int64 FSGroupChangePolicy:*core.PodFSGroupChangePolicy Sysctls:[]core.Sysctl
  SeccompProfile:*core.SeccompProfile AppArmorProfile:*core.AppArmorProfile SELinuxChangePolicy:*core.PodSELinuxChangePolicy
core.PodSpec Volumes:[]core.Volume InitContainers:[]core.Container Containers:[]core.Container EphemeralContainers:[]core.EphemeralContainer
  RestartPolicy:core.RestartPolicy TerminationGracePeriodSeconds:*int64 ActiveDeadlineSeconds:*int64 DNSPolicy:core.DNSPolicy
  NodeSelector:map[string]string ServiceAccountName:string AutomountServiceAccountToken:*bool NodeName:string SecurityContext:*core.PodSecurityContext
  ImagePullSecrets:[]core.LocalObjectReference Hostname:string Subdomain:string SetHostnameAsFQDN:*bool Affinity:*core.Affinity SchedulerName:string
  Tolerations:[]core.Toleration HostAliases:[]core.HostAlias PriorityClassName:string Priority:*int32 PreemptionPolicy:*core.PreemptionPolicy
  DNSConfig:*core.PodDNSConfig ReadinessGates:[]core.PodReadinessGate RuntimeClassName:*string Overhead:core.ResourceList EnableServiceLinks:*bool
  TopologySpreadConstraints:[]core.TopologySpreadConstraint OS:*core.PodOS SchedulingGates:[]core.PodSchedulingGate
  ResourceClaims:[]core.PodResourceClaim Resources:*core.ResourceRequirements
core.PortworxVolumeSource VolumeID:string FSType:string ReadOnly:bool
core.PreferredSchedulingTerm Weight:int32 Preference:core.NodeSelectorTerm
core.Probe ^core.ProbeHandler InitialDelaySeconds:int32 TimeoutSeconds:int32 PeriodSeconds:int32 SuccessThreshold:int32 FailureThreshold:int32
  TerminationGracePeriodSeconds:*int64
core.ProbeHandler Exec:*core.ExecAction HTTPGet:*core.HTTPGetAction TCPSocket:*core.TCPSocketAction GRPC:*core.GRPCAction
core.ProjectedVolumeSource Sources:[]core.VolumeProjection DefaultMode:*int32
core.QuobyteVolumeSource Registry:string Volume:string ReadOnly:bool User:string Group:string Tenant:string
core.RBDPersistentVolumeSource CephMonitors(monitors):[]string RBDImage(image):string FSType:string RBDPool(pool):string RadosUser(user):string Keyring:string
  SecretRef:*core.SecretReference ReadOnly:bool
core.RBDVolumeSource CephMonitors(monitors):[]string RBDImage(image):string FSType:string RBDPool(pool):string RadosUser(user):string Keyring:string
  SecretRef:*core.LocalObjectReference ReadOnly:bool
core.ResourceClaim Name:string Request:string
core.ResourceFieldSelector ContainerName:string Resource:string Divisor:resource.Quantity
core.ResourceRequirements Limits:core.ResourceList Requests:core.ResourceList Claims:[]core.ResourceClaim
core.SELinuxOptions User:string Role:string Type:string Level:string
core.ScaleIOPersistentVolumeSource Gateway:string System:string SecretRef:*core.SecretReference SSLEnabled:bool ProtectionDomain:string
  StoragePool:string StorageMode:string VolumeName:string FSType:string ReadOnly:bool
core.ScaleIOVolumeSource Gateway:string System:string SecretRef:*core.LocalObjectReference SSLEnabled:bool ProtectionDomain:string StoragePool:string
  StorageMode:string VolumeName:string FSType:string ReadOnly:bool
core.SeccompProfile Type:core.SeccompProfileType LocalhostProfile:*string
core.SecretEnvSource ^core.LocalObjectReference Optional:*bool
core.SecretKeySelector ^core.LocalObjectReference Key:string Optional:*bool
core.SecretProjection ^core.LocalObjectReference Items:[]core.KeyToPath Optional:*bool
core.SecretReference Name:string Namespace:string
core.SecretVolumeSource SecretName:string Items:[]core.KeyToPath DefaultMode:*int32 Optional:*bool
core.SecurityContext Capabilities:*core.Capabilities Privileged:*bool SELinuxOptions:*core.SELinuxOptions
  WindowsOptions:*core.WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool ReadOnlyRootFilesystem:*bool
  AllowPrivilegeEscalation:*bool ProcMount:*core.ProcMountType SeccompProfile:*core.SeccompProfile AppArmorProfile:*core.AppArmorProfile
core.ServiceAccountTokenProjection Audience:string ExpirationSeconds:int64 Path:string
core.SleepAction Seconds:int64
core.StorageOSPersistentVolumeSource VolumeName:string VolumeNamespace:string FSType:string ReadOnly:bool SecretRef:*core.ObjectReference
core.StorageOSVolumeSource VolumeName:string VolumeNamespace:string FSType:string ReadOnly:bool SecretRef:*core.LocalObjectReference
core.Sysctl Name:string Value:string
core.TCPSocketAction Port:intstr.IntOrString Host:string
core.Toleration Key:string Operator:core.TolerationOperator Value:string Effect:core.TaintEffect TolerationSeconds:*int64
core.TopologySpreadConstraint MaxSkew:int32 TopologyKey:string WhenUnsatisfiable:core.UnsatisfiableConstraintAction LabelSelector:*v1.LabelSelector
  MinDomains:*int32 NodeAffinityPolicy:*core.NodeInclusionPolicy NodeTaintsPolicy:*core.NodeInclusionPolicy MatchLabelKeys:[]string
core.TypedLocalObjectReference APIGroup:*string Kind:string Name:string
core.TypedObjectReference APIGroup:*string Kind:string Name:string Namespace:*string
core.Volume Name:string ^core.VolumeSource
core.VolumeDevice Name:string DevicePath:string
core.VolumeMount Name:string ReadOnly:bool RecursiveReadOnly:*core.RecursiveReadOnlyMode MountPath:string SubPath:string
  MountPropagation:*core.MountPropagationMode SubPathExpr:string
core.VolumeProjection Secret:*core.SecretProjection DownwardAPI:*core.DownwardAPIProjection ConfigMap:*core.ConfigMapProjection
  ServiceAccountToken:*core.ServiceAccountTokenProjection ClusterTrustBundle:*core.ClusterTrustBundleProjection
core.VolumeResourceRequirements Limits:core.ResourceList Requests:core.ResourceList
core.VolumeSource HostPath:*core.HostPathVolumeSource EmptyDir:*core.EmptyDirVolumeSource GCEPersistentDisk:*core.GCEPersistentDiskVolumeSource
  AWSElasticBlockStore:*core.AWSElasticBlockStoreVolumeSource GitRepo:*core.GitRepoVolumeSource Secret:*core.SecretVolumeSource
  NFS:*core.NFSVolumeSource ISCSI:*core.ISCSIVolumeSource Glusterfs:*core.GlusterfsVolumeSource
  PersistentVolumeClaim:*core.PersistentVolumeClaimVolumeSource RBD:*core.RBDVolumeSource Quobyte:*core.QuobyteVolumeSource
  FlexVolume:*core.FlexVolumeSource Cinder:*core.CinderVolumeSource CephFS:*core.CephFSVolumeSource Flocker:*core.FlockerVolumeSource
  DownwardAPI:*core.DownwardAPIVolumeSource FC:*core.FCVolumeSource AzureFile:*core.AzureFileVolumeSource ConfigMap:*core.ConfigMapVolumeSource
  VsphereVolume:*core.VsphereVirtualDiskVolumeSource AzureDisk:*core.AzureDiskVolumeSource PhotonPersistentDisk:*core.PhotonPersistentDiskVolumeSource
  Projected:*core.ProjectedVolumeSource PortworxVolume:*core.PortworxVolumeSource ScaleIO:*core.ScaleIOVolumeSource
  StorageOS:*core.StorageOSVolumeSource CSI:*core.CSIVolumeSource Ephemeral:*core.EphemeralVolumeSource Image:*core.ImageVolumeSource
core.VsphereVirtualDiskVolumeSource VolumePath:string FSType:string StoragePolicyName:string StoragePolicyID:string
core.WeightedPodAffinityTerm Weight:int32 PodAffinityTerm:core.PodAffinityTerm
core.WindowsSecurityContextOptions GMSACredentialSpecName:*string GMSACredentialSpec:*string RunAsUserName:*string HostProcess:*bool
core.EphemeralContainerCommon ${containerFields}
intstr.IntOrString Type:intstr.Type IntVal:int32 StrVal:string
v1.LabelSelector MatchLabels:map[string]string MatchExpressions:[]v1.LabelSelectorRequirement
v1.LabelSelectorRequirement Key:string Operator:v1.LabelSelectorOperator Values:[]string
v1.ObjectMeta Name:string Labels:map[string]string Annotations:map[string]string
`;

let read: GoTypes | undefined;

/** Read when somebody asks for the first time. */
export function coreTypes(): GoTypes {
  return (read ??= new GoTypes(table));
}

/** A spec as the internal type has it: what concerns the host lies within the security context, which is always there. */
export function internalPodSpec(spec: PodSpec): object {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext, ...rest } = spec;
  return { ...rest, securityContext: { ...securityContext, hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } };
}
