import type { ReplicationController } from '../../../../generated/types/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { goStringMap } from '../../../machinery/go-syntax.ts';
import { mistakesOf, validateCounts } from '../../meta/checks.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';
import { validatePodTemplate } from './pod-validation.ts';

/** pkg/apis/core/v1 SetDefaults_ReplicationController: selector and labels come from the template. */
export function setReplicationControllerDefaults(controller: ReplicationController): void {
  const spec = (controller.spec ??= {});
  controller.status ??= { replicas: 0 };
  controller.status.replicas ??= 0;
  spec.replicas ??= 1;
  setPodTemplateDefaults(spec.template);
  const labels = spec.template?.metadata?.labels;
  if (!labels) return;
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
  labelLikeTemplate(controller);
}

/** A controller without labels has those of its pods. */
export function labelLikeTemplate(controller: ReplicationController): void {
  const labels = controller.spec?.template?.metadata?.labels;
  const metadata = (controller.metadata ??= {});
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
}

const specPath = path('spec');

/** pkg/apis/core/validation ValidateReplicationControllerSpec. */
export function validateReplicationController({ spec = {} }: ReplicationController): FieldError[] {
  return mistakesOf((mistakes) => {
    mistakes.nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds);
    const selector = spec.selector ?? {};
    if (Object.keys(selector).length === 0) mistakes.required(specPath.child('selector'));
    mistakes.nonNegative(specPath.child('replicas'), spec.replicas);
    const at = specPath.child('template');
    const { template } = spec;
    if (!template) {
      mistakes.required(at);
      return;
    }
    const labels = template.metadata?.labels;
    if (Object.entries(selector).some(([key, value]) => labels?.[key] !== value))
      mistakes.invalid(at.child('metadata', 'labels'), goStringMap(labels), '`selector` does not match template `labels`');
    validatePodTemplate(mistakes, template, at);
    const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
    if (restartPolicy !== 'Always') mistakes.notSupported(at.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']);
    if (activeDeadlineSeconds !== undefined)
      mistakes.forbidden(at.child('spec', 'activeDeadlineSeconds'), 'activeDeadlineSeconds in ReplicationController is not Supported');
  });
}

export function validateReplicationControllerStatus({ status = { replicas: 0 } }: ReplicationController): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('status');
    const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0, observedGeneration } = status;
    const parts = { fullyLabeledReplicas, readyReplicas, availableReplicas };
    validateCounts(mistakes, { replicas, ...parts, observedGeneration }, at);
    for (const [field, count] of Object.entries(parts))
      if (count > replicas) mistakes.invalid(at.child(field), count, 'cannot be greater than status.replicas');
    if (availableReplicas > readyReplicas) mistakes.invalid(at.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas');
  });
}
