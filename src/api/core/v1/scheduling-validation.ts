import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from '../../../../generated/types/index.ts';
import { type FieldPath, GoText } from '../../../machinery/field-error.ts';
import { goStruct } from '../../../machinery/go-syntax.ts';
import { validateLabelName, validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../meta/names.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** pkg/apis/core/validation ValidateTolerations. */
export function validateTolerations(mistakes: Mistakes, tolerations: readonly Toleration[], at: FieldPath): void {
  tolerations.forEach((one, i) => {
    const path = at.index(i);
    if (one.key) validateLabelName(mistakes, one.key, path.child('key'));
    if (!one.key && one.operator !== 'Exists') {
      mistakes.invalid(path.child('operator'), one.operator ?? '', 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
    }
    if (one.tolerationSeconds !== undefined && one.effect !== 'NoExecute') {
      mistakes.invalid(path.child('effect'), one.effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    validateTolerationValue(mistakes, one, path.child('operator'));
    if (one.effect && !effects.includes(one.effect)) mistakes.notSupported(path.child('effect'), one.effect, effects);
  });
}

function validateTolerationValue(mistakes: Mistakes, { operator, value }: Toleration, at: FieldPath): void {
  if (!operator || operator === 'Equal') {
    const wrong = isLabelValue(value ?? '');
    if (wrong.length > 0) mistakes.invalid(at, value, wrong.join(';'));
  } else if (operator !== 'Exists') mistakes.notSupported(at, operator, ['Equal', 'Exists']);
  else if (value) mistakes.invalid(at, value, "value must be empty when `operator` is 'Exists'");
}

/** A node's taints: unique by key and effect (validateNodeTaints). */
export function validateTaints(mistakes: Mistakes, taints: readonly Taint[], at: FieldPath): void {
  const seen = new Set<string>();
  taints.forEach((taint, i) => {
    const path = at.index(i);
    validateLabelName(mistakes, taint.key ?? '', path.child('key'));
    const wrong = isLabelValue(taint.value ?? '');
    if (wrong.length > 0) mistakes.invalid(path.child('value'), taint.value, wrong.join(';'));
    if (!taint.effect) mistakes.required(path.child('effect'));
    else if (!effects.includes(taint.effect)) mistakes.notSupported(path.child('effect'), taint.effect, effects);
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) mistakes.duplicate(path, goTaint(taint), 'taints must be unique by key and effect pair');
    seen.add(key);
  });
}

/** A taint can be printed as long as nobody knows since when it is there. */
function goTaint(taint: Taint): unknown {
  const { key = '', value = '', effect = '', timeAdded } = taint;
  return timeAdded ? taint : goStruct('core.Taint', { Key: key, Value: value, Effect: effect, TimeAdded: new GoText('<nil>') });
}

export function validateAffinity(mistakes: Mistakes, affinity: Affinity | undefined, at: FieldPath): void {
  const node = affinity?.nodeAffinity;
  const nodePath = at.child('nodeAffinity');
  if (node?.requiredDuringSchedulingIgnoredDuringExecution) {
    validateNodeSelector(mistakes, node.requiredDuringSchedulingIgnoredDuringExecution, nodePath.child('requiredDuringSchedulingIgnoredDuringExecution'));
  }
  (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach(({ weight, preference }, i) => {
    const path = nodePath.child('preferredDuringSchedulingIgnoredDuringExecution').index(i);
    validateWeight(mistakes, weight, path.child('weight'));
    validateNodeTerm(mistakes, preference ?? {}, path.child('preference'), false);
  });
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const path = at.child(kind);
    (affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).forEach((term, i) => {
      validatePodTerm(mistakes, term, path.child('requiredDuringSchedulingIgnoredDuringExecution').index(i));
    });
    (affinity?.[kind]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach(({ weight, podAffinityTerm }, i) => {
      const one = path.child('preferredDuringSchedulingIgnoredDuringExecution').index(i);
      validateWeight(mistakes, weight, one.child('weight'));
      validatePodTerm(mistakes, podAffinityTerm ?? { topologyKey: '' }, one.child('podAffinityTerm'));
    });
  }
}

function validateWeight(mistakes: Mistakes, weight: number | undefined, at: FieldPath): void {
  if (!weight || weight < 0 || weight > 100) mistakes.invalid(at, weight ?? 0, 'must be in the range 1-100');
}

export function validateNodeSelector(mistakes: Mistakes, selector: NodeSelector, at: FieldPath): void {
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) mistakes.required(at.child('nodeSelectorTerms'), 'must have at least one node selector term');
  terms.forEach((term, i) => {
    validateNodeTerm(mistakes, term, at.child('nodeSelectorTerms').index(i), true);
  });
}

function validateNodeTerm(mistakes: Mistakes, term: NodeSelectorTerm, at: FieldPath, checkValues: boolean): void {
  (term.matchExpressions ?? []).forEach((one, i) => {
    validateNodeRequirement(mistakes, one, at.child('matchExpressions').index(i), checkValues);
  });
  (term.matchFields ?? []).forEach((one, i) => {
    validateNodeField(mistakes, one, at.child('matchFields').index(i));
  });
}

function validateNodeRequirement(mistakes: Mistakes, one: NodeSelectorRequirement, at: FieldPath, checkValues: boolean): void {
  const values = one.values ?? [];
  switch (one.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) mistakes.required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) mistakes.forbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) mistakes.required(at.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      mistakes.invalid(at.child('operator'), one.operator ?? '', 'not a valid selector operator');
  }
  validateLabelName(mistakes, one.key ?? '', at.child('key'));
  if (checkValues)
    values.forEach((value, i) => {
      mistakes.invalid(at.child('values').index(i), value, isLabelValue(value));
    });
}

function validateNodeField(mistakes: Mistakes, one: NodeSelectorRequirement, at: FieldPath): void {
  const values = one.values ?? [];
  if (one.operator !== 'In' && one.operator !== 'NotIn') mistakes.invalid(at.child('operator'), one.operator ?? '', 'not a valid selector operator');
  else if (values.length !== 1) mistakes.required(at.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  if (one.key !== 'metadata.name') mistakes.invalid(at.child('key'), one.key ?? '', 'not a valid field selector key');
  else
    values.forEach((value, i) => {
      mistakes.invalid(at.child('values').index(i), value, isDns1123Subdomain(value));
    });
}

function validatePodTerm(mistakes: Mistakes, term: PodAffinityTerm, at: FieldPath): void {
  validateLabelSelector(mistakes, term.labelSelector, at.child('labelSelector'));
  validateLabelSelector(mistakes, term.namespaceSelector, at.child('namespaceSelector'));
  for (const name of term.namespaces ?? []) mistakes.invalid(at.child('namespace'), name, isDns1123Label(name));
  validateLabelKeys(mistakes, term, 'matchLabelKeys', at);
  validateLabelKeys(mistakes, term, 'mismatchLabelKeys', at);
  const mismatch = new Set(term.mismatchLabelKeys);
  (term.matchLabelKeys ?? []).forEach((key, i) => {
    if (mismatch.has(key)) mistakes.invalid(at.child('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys');
  });
  if (!term.topologyKey) mistakes.required(at.child('topologyKey'), 'can not be empty');
  validateLabelName(mistakes, term.topologyKey ?? '', at.child('topologyKey'));
}

function validateLabelKeys(mistakes: Mistakes, term: PodAffinityTerm, field: 'matchLabelKeys' | 'mismatchLabelKeys', at: FieldPath): void {
  const keys = term[field] ?? [];
  if (keys.length > 0 && !term.labelSelector) {
    mistakes.forbidden(at.child(field), 'must not be specified when labelSelector is not set');
    return;
  }
  keys.forEach((key, i) => {
    validateLabelName(mistakes, key, at.child(field).index(i));
  });
}

export function validateTopologySpread(mistakes: Mistakes, constraints: readonly TopologySpreadConstraint[], at: FieldPath): void {
  const pairOf = (one: TopologySpreadConstraint): string => `{${one.topologyKey}, ${one.whenUnsatisfiable}}`;
  const last = new Map(constraints.map((one, i) => [pairOf(one), i]));
  constraints.forEach((one, i) => {
    const path = at.index(i);
    if (!one.maxSkew || one.maxSkew < 0) mistakes.invalid(path.child('maxSkew'), one.maxSkew ?? 0, 'must be greater than zero');
    if (!one.topologyKey) mistakes.required(path.child('topologyKey'), 'can not be empty');
    const actions = ['DoNotSchedule', 'ScheduleAnyway'];
    if (!actions.includes(one.whenUnsatisfiable)) mistakes.notSupported(path.child('whenUnsatisfiable'), one.whenUnsatisfiable ?? '', actions);
    // Told of all but the last one of a pair.
    if ((last.get(pairOf(one)) as number) > i) mistakes.duplicate(path.child('{topologyKey, whenUnsatisfiable}'), pairOf(one));
    validateMinDomains(mistakes, one, path.child('minDomains'));
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = one[field];
      if (policy !== undefined && policy !== 'Honor' && policy !== 'Ignore') mistakes.notSupported(path.child(field), policy, ['Honor', 'Ignore']);
    }
    validateSpreadKeys(mistakes, one, path.child('matchLabelKeys'));
    validateLabelSelector(mistakes, one.labelSelector, path.child('labelSelector'));
  });
}

function validateMinDomains(mistakes: Mistakes, { minDomains, whenUnsatisfiable }: TopologySpreadConstraint, at: FieldPath): void {
  if (minDomains === undefined) return;
  if (minDomains <= 0) mistakes.invalid(at, minDomains, 'must be greater than zero');
  if (whenUnsatisfiable !== 'DoNotSchedule')
    mistakes.invalid(at, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`);
}

function validateSpreadKeys(mistakes: Mistakes, { matchLabelKeys, labelSelector }: TopologySpreadConstraint, at: FieldPath): void {
  if (!matchLabelKeys?.length) return;
  if (!labelSelector) mistakes.forbidden(at, 'must not be specified when labelSelector is not set');
  const used = new Set([...Object.keys(labelSelector?.matchLabels ?? {}), ...(labelSelector?.matchExpressions ?? []).map((one) => one.key)]);
  matchLabelKeys.forEach((key, i) => {
    validateLabelName(mistakes, key, at.index(i));
    if (used.has(key)) mistakes.invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector');
  });
}
