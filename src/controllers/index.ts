import { InformerScope } from '../client/index.ts';
import { ClusterRoleAggregationController } from './cluster-role-aggregation.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { CsrApprovingController } from './csr-approving.ts';
import { CsrCleanerController } from './csr-cleaner.ts';
import { CsrSigningController } from './csr-signing.ts';
import { DeploymentController } from './deployment.ts';
import { EndpointSliceController } from './endpoint-slice.ts';
import { EndpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { EndpointsController } from './endpoints.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { NamespaceController } from './namespace.ts';
import { NodeIpamController } from './node-ipam.ts';
import { NodeLifecycleController } from './node-lifecycle.ts';
import { NodeTtlController } from './node-ttl.ts';
import { PodGcController } from './pod-gc.ts';
import { PvProtectionController } from './pv-protection.ts';
import { PvcProtectionController } from './pvc-protection.ts';
import { ReplicaSetController } from './replica-set.ts';
import { ResourceQuotaController } from './resource-quota.ts';
import { RootCaPublisher } from './root-ca-publisher.ts';
import { ServiceAccountController } from './service-account.ts';
import { ServiceAccountTokenController } from './service-account-token.ts';
import { ServiceCidrsController } from './service-cidrs.ts';
import { TaintEvictionController } from './taint-eviction.ts';

export type { CertificateOrder, Controller, ControllerContext, SignCertificate } from './controller.ts';
export { ReconcileLoop } from './controller.ts';

/**
 * All controllers, by upstream's name of each. The order decides who hears first of a change that several watch:
 * what a namespace needs before pods can be made comes first, then nodes, then workloads from the top down, then what
 * follows from pods; the garbage collector hears last.
 */
export const controllers: Readonly<Record<string, new (context: ControllerContext) => Controller>> = {
  'serviceaccount-token-controller': ServiceAccountTokenController,
  'serviceaccount-controller': ServiceAccountController,
  'root-ca-certificate-publisher-controller': RootCaPublisher,
  'service-cidr-controller': ServiceCidrsController,
  'node-ipam-controller': NodeIpamController,
  'node-lifecycle-controller': NodeLifecycleController,
  'ttl-controller': NodeTtlController,
  'deployment-controller': DeploymentController,
  'replicaset-controller': ReplicaSetController,
  'endpoints-controller': EndpointsController,
  'endpointslice-controller': EndpointSliceController,
  'endpointslice-mirroring-controller': EndpointSliceMirroringController,
  'taint-eviction-controller': TaintEvictionController,
  'pod-garbage-collector-controller': PodGcController,
  'resourcequota-controller': ResourceQuotaController,
  'clusterrole-aggregation-controller': ClusterRoleAggregationController,
  'certificatesigningrequest-approving-controller': CsrApprovingController,
  'certificatesigningrequest-signing-controller': CsrSigningController,
  'certificatesigningrequest-cleaner-controller': CsrCleanerController,
  'persistentvolumeclaim-protection-controller': PvcProtectionController,
  'persistentvolume-protection-controller': PvProtectionController,
  'namespace-controller': NamespaceController,
  'garbage-collector-controller': GarbageCollector,
};

export interface StartControllersOptions extends ControllerContext {
  /** Names of those to run; all if absent. */
  readonly only?: readonly string[];
}

/**
 * Starts the controllers on the informers given (whoever calls starts the factory, before or after).
 * Returns the function that stops them; the informers go on, and may be given to others that come after.
 */
export function startControllers({ only, ...options }: StartControllersOptions): () => void {
  const informers = new InformerScope(options.informers);
  const context = { ...options, informers };
  const running = Object.entries(controllers)
    .filter(([name]) => !only || only.includes(name))
    .map(([, Kind]) => new Kind(context));
  for (const controller of running) controller.start();
  return () => {
    informers.leave();
    for (const controller of running) controller.stop();
  };
}
