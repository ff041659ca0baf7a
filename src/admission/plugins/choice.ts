import type { AdmissionPlugin } from '../types.ts';

/** kube-apiserver's --enable-admission-plugins and --disable-admission-plugins: what is beside the plugins that are on anyway. */
export interface PluginChoice {
  readonly enable?: readonly string[] | undefined;
  readonly disable?: readonly string[] | undefined;
}

/** The plugins of 1.33 that are on unless disabled, in alphabetical order (pkg/kubeapiserver/options DefaultOffAdmissionPlugins has the rest). */
const onByDefault = [
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'ClusterTrustBundleAttest',
  'DefaultIngressClass',
  'DefaultStorageClass',
  'DefaultTolerationSeconds',
  'LimitRanger',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'NamespaceLifecycle',
  'PersistentVolumeClaimResize',
  'PodSecurity',
  'PodTopologyLabels',
  'Priority',
  'ResourceQuota',
  'RuntimeClass',
  'ServiceAccount',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
];

/** On by default here as well, since kubeadm enables it. */
const onWithKubeadm = 'NodeRestriction';

const offByDefault = [
  'AlwaysAdmit',
  'AlwaysDeny',
  'AlwaysPullImages',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'ImagePolicyWebhook',
  'LimitPodHardAntiAffinityTopology',
  'NamespaceAutoProvision',
  'NamespaceExists',
  'OwnerReferencesPermissionEnforcement',
  'PodNodeSelector',
  'PodTolerationRestriction',
];

const known = new Set([...onByDefault, onWithKubeadm, ...offByDefault]);

/** What is wrong with a choice, in kube-apiserver's words; and plugins by name that are not simulated. Empty if nothing is. */
export function pluginMistakes({ enable = [], disable = [] }: PluginChoice): string[] {
  const unknown = (flag: string, names: readonly string[]) =>
    names.filter((name) => !known.has(name)).map((name) => `${flag} plugin ${JSON.stringify(name)} is unknown`);
  const both = [...new Set(enable.filter((name) => disable.includes(name)))].sort();
  const absent = enable.filter((name) => offByDefault.includes(name));
  return [
    ...unknown('enable-admission-plugins', enable),
    ...unknown('disable-admission-plugins', disable),
    ...(both.length > 0 ? [`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`] : []),
    ...absent.map((name) => `enable-admission-plugins plugin ${JSON.stringify(name)} is not simulated`),
  ];
}

/** Those that are left of `plugins`, in their order. */
export function choosePlugins(plugins: readonly AdmissionPlugin[], { disable = [] }: PluginChoice = {}): readonly AdmissionPlugin[] {
  return plugins.filter((plugin) => !disable.includes(plugin.name));
}
