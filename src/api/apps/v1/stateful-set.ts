import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goSelector } from '../../../machinery/go-syntax.ts';
import { setPersistentVolumeClaimDefaults } from '../../core/v1/persistent-volume-claim.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { mistakesOf, validateCounts } from '../../meta/checks.ts';
import { validateAnnotations, validateLabels } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { aboveReplicas, goStrategy, validateSelected, validateWorkloadSelector } from './validation.ts';

/** pkg/apis/apps/v1 SetDefaults_StatefulSet. */
export function setStatefulSetDefaults(set: StatefulSet): void {
  const spec = (set.spec ??= {} as StatefulSetSpec);
  set.status ??= { replicas: 0 };
  set.status.replicas ??= 0;
  set.status.availableReplicas ??= 0; // Go writes it whether or not anybody counts.
  spec.podManagementPolicy ||= 'OrderedReady';
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults((spec.template ??= {}));
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.kind = 'PersistentVolumeClaim';
    claim.apiVersion = 'v1';
    (claim.metadata ??= {}).creationTimestamp ??= null as never;
    setPersistentVolumeClaimDefaults(claim);
  }
}

const specPath = path('spec');

/** pkg/apis/apps/validation ValidateStatefulSetSpec. The pod in the template is not checked: its claims are not known yet. */
export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  return mistakesOf((mistakes) => validateSpec(mistakes, spec, true));
}

/** The name of the service stays as it was when the set was created, whatever it is. */
function validateSpec(mistakes: Mistakes, spec: StatefulSetSpec | undefined, isNew: boolean): void {
  if (!spec) return;
  validatePolicies(mistakes, spec);
  mistakes.nonNegative(specPath.child('replicas'), spec.replicas);
  mistakes.nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds);
  mistakes.nonNegative(specPath.child('ordinals.start'), spec.ordinals?.start);
  if (isNew && spec.serviceName) mistakes.invalid(specPath.child('serviceName'), spec.serviceName, isDns1123Label(spec.serviceName));
  validateSelectorAndTemplate(mistakes, spec);
  const pod = spec.template?.spec;
  if (pod?.restartPolicy !== 'Always') mistakes.notSupported(specPath.child('template', 'spec', 'restartPolicy'), pod?.restartPolicy ?? '', ['Always']);
  if (pod?.activeDeadlineSeconds !== undefined)
    mistakes.forbidden(specPath.child('template', 'spec', 'activeDeadlineSeconds'), 'activeDeadlineSeconds in StatefulSet is not Supported');
}

function validatePolicies(mistakes: Mistakes, spec: StatefulSetSpec): void {
  const policy = spec.podManagementPolicy ?? '';
  if (!['OrderedReady', 'Parallel'].includes(policy)) mistakes.invalid(specPath.child('podManagementPolicy'), policy, "must be 'OrderedReady' or 'Parallel'");
  validateUpdateStrategy(mistakes, spec.updateStrategy ?? {}, specPath.child('updateStrategy'));
  const retention = spec.persistentVolumeClaimRetentionPolicy ?? {};
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention[field] ?? '';
    if (!['Retain', 'Delete'].includes(value))
      mistakes.notSupported(specPath.child('persistentVolumeClaimRetentionPolicy', field), value, ['Retain', 'Delete']);
  }
}

function validateUpdateStrategy(mistakes: Mistakes, strategy: StatefulSetUpdateStrategy, at: FieldPath): void {
  if (strategy.type === 'OnDelete') {
    if (strategy.rollingUpdate) mistakes.invalid(at.child('rollingUpdate'), strategy.rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (strategy.type !== 'RollingUpdate')
    mistakes.invalid(at, goStrategy('StatefulSetUpdateStrategy', strategy, 'RollingUpdateStatefulSetStrategy'), "must be 'RollingUpdate' or 'OnDelete'");
  else mistakes.nonNegative(at.child('rollingUpdate', 'partition'), strategy.rollingUpdate?.partition);
}

function validateSelectorAndTemplate(mistakes: Mistakes, { selector, template }: StatefulSetSpec): void {
  if (!validateWorkloadSelector(mistakes, selector, 'statefulset')) {
    mistakes.invalid(specPath.child('selector'), goSelector(selector), '');
    return;
  }
  validateSelected(mistakes, selector, template);
  const at = specPath.child('template');
  validateLabels(mistakes, template?.metadata?.labels, at.child('labels'));
  validateAnnotations(mistakes, template?.metadata?.annotations, at.child('annotations'));
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

/** ValidateStatefulSetUpdate: most of the spec stays as it was. */
export function validateStatefulSetUpdate(next: StatefulSet, previous: Readonly<StatefulSet>): FieldError[] {
  const errors = mistakesOf((mistakes) => validateSpec(mistakes, next.spec, false));
  const kept = { ...next.spec } as Record<string, unknown>;
  for (const field of mutable) kept[field] = previous.spec?.[field];
  if (semanticEqual(kept, previous.spec)) return errors;
  const names = mutable.map((field) => `'${field}'`);
  const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return [...errors, ...mistakesOf((mistakes) => mistakes.forbidden(specPath, `updates to statefulset spec for fields other than ${list} are forbidden`))];
}

export function validateStatefulSetStatus(next: StatefulSet, previous: Readonly<StatefulSet>): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('status');
    const { replicas = 0, readyReplicas = 0, currentReplicas = 0, updatedReplicas = 0, availableReplicas = 0, ...rest } = next.status ?? { replicas: 0 };
    const parts = { readyReplicas, currentReplicas, updatedReplicas, availableReplicas };
    validateCounts(mistakes, { replicas, ...parts, observedGeneration: rest.observedGeneration, collisionCount: rest.collisionCount }, at);
    for (const [field, count] of Object.entries(parts)) if (count > replicas) mistakes.invalid(at.child(field), count, aboveReplicas);
    if (availableReplicas > readyReplicas) mistakes.invalid(at.child('availableReplicas'), availableReplicas, 'cannot be greater than status.readyReplicas');
    const before = previous.status?.collisionCount;
    if (before !== undefined && (rest.collisionCount ?? 0) < before)
      mistakes.invalid(at.child('collisionCount'), rest.collisionCount ?? 0, 'cannot be decremented');
  });
}
