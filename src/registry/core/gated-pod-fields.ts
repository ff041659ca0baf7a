import type { Container, PodSpec, PodTemplateSpec } from '../../../generated/types/index.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { FeatureGates } from '../feature-gates.ts';
import { isEnabled } from '../feature-gates.ts';
import type { Strategy } from '../generic/strategy.ts';

type PodHolder = KubeObject & {
  readonly template?: PodTemplateSpec;
  readonly spec?: PodSpec & { readonly template?: PodTemplateSpec; readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplateSpec } } };
};

type SpecOf = (object: PodHolder) => PodSpec | undefined;

const fromTemplate: SpecOf = ({ spec }) => spec?.template?.spec;

/** Where an object holds the spec of a pod, by group and plural. */
const podSpecs: Readonly<Record<string, SpecOf>> = {
  '/pods': ({ spec }) => spec,
  '/podtemplates': ({ template }) => template?.spec,
  '/replicationcontrollers': fromTemplate,
  'apps/daemonsets': fromTemplate,
  'apps/deployments': fromTemplate,
  'apps/replicasets': fromTemplate,
  'apps/statefulsets': fromTemplate,
  'batch/cronjobs': ({ spec }) => spec?.jobTemplate?.spec?.template?.spec,
  'batch/jobs': fromTemplate,
};

/** The resource's strategy; if its objects hold the spec of a pod, what stands behind gates that are off is taken out of every write first. */
export function dropsGatedFields(strategy: Strategy, gates: FeatureGates): Strategy {
  const { group, plural } = strategy.resource;
  const specOf = podSpecs[`${group}/${plural}`];
  if (!specOf) return strategy;
  return {
    ...strategy,
    prepareForCreate(created, context) {
      dropGatedFields(specOf(created), gates);
      strategy.prepareForCreate?.(created, context);
    },
    prepareForUpdate(next, previous, context) {
      dropGatedFields(specOf(next), gates);
      strategy.prepareForUpdate?.(next, previous, context);
    },
  };
}

/**
 * Takes out of a pod's spec what stands behind gates that are off, as upstream does without a word (pkg/api/pod dropDisabledFields):
 * volumes of images and what mounts them, resources of the pod as a whole, claims on devices, bundles of trust in projected volumes,
 * stop signals.
 */
export function dropGatedFields(spec: PodSpec | undefined, gates: FeatureGates): void {
  if (!spec) return;
  delete spec.resources;
  delete spec.resourceClaims;
  for (const volume of spec.volumes ?? []) for (const source of volume.projected?.sources ?? []) delete source.clusterTrustBundle;
  const images = new Set(isEnabled(gates, 'ImageVolume') ? [] : spec.volumes?.filter((one) => one.image).map((one) => one.name));
  if (images.size > 0) spec.volumes = spec.volumes?.filter((one) => !images.has(one.name));
  for (const list of [spec.containers, spec.initContainers, spec.ephemeralContainers]) {
    for (const container of list ?? []) dropFromContainer(container as Container, images);
  }
}

function dropFromContainer(container: Container, imageVolumes: ReadonlySet<string>): void {
  delete container.resources?.claims;
  if (imageVolumes.size > 0) container.volumeMounts = container.volumeMounts?.filter((one) => !imageVolumes.has(one.name));
  if (container.lifecycle?.stopSignal === undefined) return;
  delete container.lifecycle.stopSignal;
  if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
}
