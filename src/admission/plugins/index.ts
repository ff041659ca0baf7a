import type { Ids, Metrics } from '../../env/index.ts';
import type { AdmissionPlugin, ObjectReader, StatusWriter } from '../types.ts';
import type { SignerAccess } from './certificates.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { PodSecurityMetrics } from './pod-security/metrics.ts';
import { podSecurity } from './pod-security.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export type { SignerAccess } from './certificates.ts';
export type { PluginChoice } from './choice.ts';
export { choosePlugins, pluginMistakes } from './choice.ts';
export { defaultTolerationSeconds, namespaceLifecycle, priority, serviceAccount, taintNodesByCondition };

/** What the plugins read and draw from. */
export interface PluginDependencies {
  readonly reader: ObjectReader;
  /** Where quotas are charged; without one they are not enforced. */
  readonly writer?: StatusWriter;
  readonly ids: Ids;
  /** Where PodSecurity counts what it decides; nowhere if absent. */
  readonly metrics?: Metrics;
  /** Simulated milliseconds. */
  readonly now?: () => number;
  /** Lets controllers do what is ready to be done, at no cost of time; nothing is waited for if absent. */
  readonly pause?: () => Promise<void>;
  /** Who may approve and sign certificates; everybody who may write the objects if absent. */
  readonly signers?: SignerAccess;
  /** Plugins that ask somebody else, each at its place in the order. */
  readonly dynamic?: DynamicPlugins;
}

/** What users extend the chain with; built elsewhere, since it takes a client, or expressions, to run. */
export interface DynamicPlugins {
  readonly mutatingAdmissionPolicy?: AdmissionPlugin;
  readonly mutatingAdmissionWebhook?: AdmissionPlugin;
  readonly validatingAdmissionPolicy?: AdmissionPlugin;
  readonly validatingAdmissionWebhook?: AdmissionPlugin;
}

const everybody: SignerAccess = { allowed: () => Promise.resolve(true) };

/**
 * The plugins in upstream's order (pkg/kubeapiserver/options AllOrderedPlugins), those that are on by default and NodeRestriction.
 * The namespace comes first, since nothing else matters where it is missing. Defaults come before what is computed from them. What
 * users add comes after all that is built in, so that they see final objects, and a quota last, so that nothing is charged that
 * somebody still refuses.
 */
export function builtInPlugins({
  reader,
  writer,
  ids,
  metrics,
  now = () => 0,
  pause,
  signers = everybody,
  dynamic = {},
}: PluginDependencies): readonly AdmissionPlugin[] {
  const plugins = [
    namespaceLifecycle(reader),
    limitRanger(reader),
    serviceAccount(reader, ids, pause),
    nodeRestriction(reader),
    taintNodesByCondition(),
    podSecurity(reader, metrics && new PodSecurityMetrics(metrics)),
    priority(reader),
    defaultTolerationSeconds(),
    defaultStorageClass(reader),
    storageObjectInUseProtection(),
    persistentVolumeClaimResize(reader),
    runtimeClass(reader),
    certificateApproval(signers),
    certificateSigning(signers),
    certificateSubjectRestriction(),
    defaultIngressClass(reader),
    dynamic.mutatingAdmissionPolicy,
    dynamic.mutatingAdmissionWebhook,
    dynamic.validatingAdmissionPolicy,
    dynamic.validatingAdmissionWebhook,
    writer && resourceQuota({ reader, writer, now }),
  ];
  return plugins.filter((plugin) => plugin !== undefined) as unknown as readonly AdmissionPlugin[];
}
