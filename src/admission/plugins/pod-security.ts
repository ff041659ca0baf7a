import type { Container, Namespace, Pod, PodTemplateSpec } from '../../../generated/types/index.ts';
import { aggregateText } from '../../machinery/aggregate.ts';
import type { FieldError } from '../../machinery/field-error.ts';
import { invalid } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, Rule } from '../types.ts';
import { describeViolations, violationsOf } from './pod-security/checks.ts';
import type { PodSecurityMetrics } from './pod-security/metrics.ts';
import type { PodView } from './pod-security/pod-view.ts';
import type { LevelVersion, Policy } from './pod-security/policy.ts';
import { compareLevels, formatLevelVersion, isFullyPrivileged, policyOf } from './pod-security/policy.ts';
import { refusal } from './refusal.ts';

const namespaces = { group: '', resource: 'namespaces' };
const pods = { group: '', resource: 'pods' };
/** Existing pods that a namespace's new level is tried on (pod-security-admission defaultNamespaceMaxPodsToCheck). */
const podsCheckedMax = 3000;

const workloads: readonly Rule[] = [
  { resource: 'replicationcontrollers', operations: ['CREATE', 'UPDATE'] },
  { resource: 'podtemplates', operations: ['CREATE', 'UPDATE'] },
  ...['deployments', 'replicasets', 'statefulsets', 'daemonsets'].map((resource): Rule => ({ resource, group: 'apps', operations: ['CREATE', 'UPDATE'] })),
  ...['jobs', 'cronjobs'].map((resource): Rule => ({ resource, group: 'batch', operations: ['CREATE', 'UPDATE'] })),
];

/**
 * Holds pods against the level that the labels of their namespace enforce; warns of those, and of templates, that violate the level
 * to warn of, and notes in the audit log what violates the level to audit (pod-security-admission).
 */
export function podSecurity(reader: ObjectReader, metrics?: PodSecurityMetrics): AdmissionPlugin {
  const tools = { reader, metrics };
  return {
    name: 'PodSecurity',
    rules: [
      { resource: 'namespaces', operations: ['CREATE', 'UPDATE'] },
      { resource: 'pods', operations: ['CREATE', 'UPDATE'] },
      { resource: 'pods/ephemeralcontainers', operations: ['UPDATE'] },
      { resource: 'pods/resize', operations: ['UPDATE'] },
      ...workloads,
    ],
    validate(attributes) {
      const { group, resource } = attributes.resource;
      if (group === '' && resource === 'namespaces') return checkNamespace(reader, attributes as AdmissionAttributes<Namespace>);
      if (group === '' && resource === 'pods') return checkPod(tools, attributes as AdmissionAttributes<Pod>);
      return checkWorkload(tools, attributes);
    },
  };
}

/** With what a pod is checked. */
interface Tools {
  readonly reader: ObjectReader;
  readonly metrics: PodSecurityMetrics | undefined;
}

async function checkPod({ reader, metrics }: Tools, attributes: AdmissionAttributes<Pod>): Promise<void> {
  const { policy, errors } = await policyFor(reader, attributes.namespace);
  if (errors.length === 0 && isFullyPrivileged(policy)) {
    attributes.annotate?.(enforcePolicy, formatLevelVersion(policy.enforce));
    metrics?.evaluated('allow', 'enforce', policy.enforce, attributes);
    return;
  }
  const { object: pod, oldObject } = attributes;
  if (oldObject && !runsSomethingElse(pod, oldObject)) return;
  const view = viewOf(pod);
  const violations = violationsOf(policy.enforce, view);
  attributes.annotate?.(enforcePolicy, formatLevelVersion(policy.enforce));
  metrics?.evaluated(violations.length > 0 ? 'deny' : 'allow', 'enforce', policy.enforce, attributes);
  auditOf(attributes, policy.audit, view, errors, metrics);
  if (violations.length > 0) {
    throw refusal(attributes, `violates PodSecurity "${formatLevelVersion(policy.enforce)}": ${describeViolations(violations)}`);
  }
  warnOf(attributes, policy.warn, view, metrics);
}

async function checkWorkload({ reader, metrics }: Tools, attributes: AdmissionAttributes): Promise<void> {
  if (attributes.subresource !== '') return;
  const { policy, errors } = await policyFor(reader, attributes.namespace);
  const template = templateOf(attributes.object);
  if (!template) return;
  auditOf(attributes, policy.audit, viewOf(template), errors, metrics);
  warnOf(attributes, policy.warn, viewOf(template), metrics);
}

const labelPrefix = 'pod-security.kubernetes.io';
const enforcePolicy = `${labelPrefix}/enforce-policy`;

function auditOf(
  attributes: AdmissionAttributes,
  level: LevelVersion,
  view: PodView,
  errors: readonly FieldError[],
  metrics: PodSecurityMetrics | undefined,
): void {
  if (errors.length > 0) {
    attributes.annotate?.(`${labelPrefix}/error`, `Failed to parse policy: ${aggregateText(errors.map(String))}`);
    metrics?.failed(false, attributes);
  }
  const violations = violationsOf(level, view);
  if (violations.length === 0) return;
  attributes.annotate?.(`${labelPrefix}/audit-violations`, wouldViolate(level, violations));
  metrics?.evaluated('deny', 'audit', level, attributes);
}

function wouldViolate(level: LevelVersion, violations: ReturnType<typeof violationsOf>): string {
  return `would violate PodSecurity "${formatLevelVersion(level)}": ${describeViolations(violations)}`;
}

function warnOf(attributes: AdmissionAttributes, level: LevelVersion, view: PodView, metrics: PodSecurityMetrics | undefined): void {
  const violations = violationsOf(level, view);
  if (violations.length === 0) return;
  attributes.warn(wouldViolate(level, violations));
  metrics?.evaluated('deny', 'warn', level, attributes);
}

async function policyFor(reader: ObjectReader, namespace: string): Promise<{ readonly policy: Policy; readonly errors: readonly FieldError[] }> {
  const labels = (await reader.get<Namespace>(namespaces, undefined, namespace))?.metadata?.labels;
  if (!labels || !Object.isFrozen(labels)) return policyOf(labels);
  let known = policies.get(labels);
  if (!known) policies.set(labels, (known = policyOf(labels)));
  return known;
}

/** What the labels of namespaces say, by the labels as they are stored: every pod asks. */
const policies = new WeakMap<object, ReturnType<typeof policyOf>>();

const viewOf = ({ metadata, spec }: Pick<Pod, 'metadata' | 'spec'>): PodView => ({ metadata: metadata ?? {}, spec: spec ?? { containers: [] } });

function templateOf(object: KubeObject): PodTemplateSpec | undefined {
  const { template, spec } = object as {
    template?: PodTemplateSpec;
    spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
  };
  return template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
}

/** Only another image, or another container, makes a running pod a new risk. */
function runsSomethingElse(pod: Readonly<Pod>, before: Readonly<Pod>): boolean {
  const differ = (now: readonly Container[] = [], then: readonly Container[] = []) =>
    now.length !== then.length || now.some((one, index) => one.image !== then[index]?.image);
  if (differ(pod.spec?.containers, before.spec?.containers) || differ(pod.spec?.initContainers, before.spec?.initContainers)) return true;
  const then = new Map((before.spec?.ephemeralContainers ?? []).map((one) => [one.name, one.image]));
  return (pod.spec?.ephemeralContainers ?? []).some((one) => !then.has(one.name) || then.get(one.name) !== one.image);
}

/** Labels must make sense; a stricter level is tried on the pods that are there. */
async function checkNamespace(reader: ObjectReader, attributes: AdmissionAttributes<Namespace>): Promise<void> {
  const { object: namespace, oldObject, name } = attributes;
  const next = policyOf(namespace.metadata?.labels);
  const before = oldObject && policyOf(oldObject.metadata?.labels);
  const told = before?.errors.map(String).join() ?? '';
  if (next.errors.length > 0 && next.errors.map(String).join() !== told) throw invalid({ group: '', kind: 'Namespace' }, name, next.errors);
  if (!before) return;
  const [now, then] = [next.policy.enforce, before.policy.enforce];
  if (now.level === 'privileged' || (now.version === then.version && compareLevels(now.level, then.level) <= 0)) return;
  for (const text of await warningsOfPods(reader, name, now)) attributes.warn(text);
}

async function warningsOfPods(reader: ObjectReader, namespace: string, enforce: LevelVersion): Promise<string[]> {
  const all = await reader.list<Pod>(pods, namespace);
  const byReason = new Map<string, string[]>();
  for (const pod of onePerController(all).slice(0, podsCheckedMax)) {
    const reason = violationsOf(enforce, viewOf(pod))
      .map((one) => one.reason)
      .join(', ');
    if (reason) byReason.set(reason, [...(byReason.get(reason) ?? []), pod.metadata?.name ?? '']);
  }
  if (byReason.size === 0) return [];
  const lines = [...byReason].map(([reason, names]) => {
    const [first, ...others] = names.sort();
    const more = others.length === 0 ? '' : ` (and ${others.length} other pod${others.length === 1 ? '' : 's'})`;
    return `${first}${more}: ${reason}`;
  });
  return [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${formatLevelVersion(enforce)}"`, ...lines.sort()];
}

/** Pods of one controller are alike, so those of different ones come first. */
function onePerController(all: readonly Readonly<Pod>[]): readonly Readonly<Pod>[] {
  const seen = new Set<string>();
  const [first, rest]: [Readonly<Pod>[], Readonly<Pod>[]] = [[], []];
  for (const pod of all) {
    const owner = pod.metadata?.ownerReferences?.find((one) => one.controller)?.uid;
    if (owner !== undefined && seen.has(owner)) rest.push(pod);
    else first.push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...rest];
}
