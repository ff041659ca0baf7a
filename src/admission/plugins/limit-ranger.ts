import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../../generated/types/index.ts';
import { podLimits, podRequests } from '../../api/core/v1/pod-resources.ts';
import { aggregateText } from '../../machinery/aggregate.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../machinery/quantity.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../types.ts';
import { refusal } from './refusal.ts';

const limitRanges = { group: '', resource: 'limitranges' };
const annotation = 'kubernetes.io/limit-ranger';

type Amounts = Readonly<Record<string, string>>;

/**
 * Fills in requests and limits that a container leaves out, and refuses what is too small, too large or too uneven
 * (plugin/pkg/admission/limitranger). Several LimitRanges of one namespace all count.
 */
export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'LimitRanger',
    rules: [
      { resource: 'pods', operations: ['CREATE'] },
      { resource: 'pods/resize', operations: ['UPDATE'] },
      { resource: 'persistentvolumeclaims', operations: ['CREATE', 'UPDATE'] },
    ],
    async admit(attributes) {
      if (attributes.resource.resource !== 'pods') return;
      for (const { spec } of await rangesOf(reader, attributes)) setDefaults(attributes.object as Pod, spec?.limits ?? []);
    },
    async validate(attributes) {
      for (const { spec } of await rangesOf(reader, attributes)) {
        const limits = spec?.limits ?? [];
        const isPod = attributes.resource.resource === 'pods';
        const mistakes = isPod ? podMistakes(attributes.object as Pod, limits) : claimMistakes(attributes.object as PersistentVolumeClaim, limits);
        if (mistakes.length > 0) throw refusal(attributes, aggregateText(mistakes));
      }
    },
  };
}

/** What is being deleted may still be written to, whatever the limits are. */
async function rangesOf(reader: ObjectReader, { namespace, oldObject }: AdmissionAttributes): Promise<readonly Readonly<LimitRange>[]> {
  if ((oldObject as KubeObject | undefined)?.metadata?.deletionTimestamp) return [];
  return reader.list<LimitRange>(limitRanges, namespace);
}

function setDefaults(pod: Pod, limits: readonly LimitRangeItem[]): void {
  const requests: Record<string, string> = {};
  const maximums: Record<string, string> = {};
  for (const item of limits) {
    if (item.type !== 'Container') continue;
    Object.assign(requests, item.defaultRequest);
    Object.assign(maximums, item.default);
  }
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((one) => fillIn(one, 'container', requests, maximums)),
    ...(pod.spec?.initContainers ?? []).flatMap((one) => fillIn(one, 'init container', requests, maximums)),
  ];
  if (notes.length === 0) return;
  const metadata = (pod.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` };
}

/** Returns what it has set, in words. */
function fillIn(container: Container, what: string, requests: Amounts, limits: Amounts): string[] {
  const setLimits = absentKeys(limits, container.resources?.limits);
  const setRequests = absentKeys(requests, container.resources?.requests);
  if (setLimits.length + setRequests.length === 0) return [];
  const resources = { ...container.resources };
  if (setLimits.length > 0) resources.limits = { ...pick(limits, setLimits), ...resources.limits };
  if (setRequests.length > 0) resources.requests = { ...pick(requests, setRequests), ...resources.requests };
  container.resources = resources;
  const said = (names: readonly string[], kind: string) => (names.length > 0 ? [`${names.join(', ')} ${kind} for ${what} ${container.name}`] : []);
  return [...said(setRequests, 'request'), ...said(setLimits, 'limit')];
}

const absentKeys = (from: Amounts, present: Amounts | undefined): string[] =>
  Object.keys(from)
    .filter((key) => present?.[key] === undefined)
    .sort();

const pick = (from: Amounts, keys: readonly string[]): Record<string, string> => Object.fromEntries(keys.map((key) => [key, from[key] as string]));

function podMistakes(pod: Pod, limits: readonly LimitRangeItem[]): string[] {
  // What the sandbox costs is not for those who write pods to keep small.
  const own = { ...pod, spec: { ...pod.spec!, overhead: undefined } };
  return limits.flatMap((item) => {
    if (item.type === 'Pod') return itemMistakes(item, podRequests(own), podLimits(own));
    if (item.type !== 'Container') return [];
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    return containers.flatMap(({ resources }) => itemMistakes(item, resources?.requests ?? {}, resources?.limits ?? {}));
  });
}

function itemMistakes(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return [
    ...eachOf(item.min, (name, bound) => belowMinimum(item.type, name, bound, requests, limits)),
    ...eachOf(item.max, (name, bound) => aboveMaximum(item.type, name, bound, requests, limits)),
    ...eachOf(item.maxLimitRequestRatio, (name, bound) => tooUneven(item.type, name, bound, requests, limits)),
  ];
}

function claimMistakes(claim: PersistentVolumeClaim, limits: readonly LimitRangeItem[]): string[] {
  const requests = claim.spec?.resources?.requests ?? {};
  return limits
    .filter((item) => item.type === 'PersistentVolumeClaim')
    .flatMap((item) => [
      ...eachOf(item.min, (name, bound) => belowMinimum(item.type, name, bound, requests, {})),
      ...eachOf(item.max, (name, bound) => requestAbove(item.type, name, bound, requests)),
    ]);
}

/** Upstream's order is that of a Go map, which is none; by name is one. */
function eachOf(bounds: Amounts | undefined, check: (name: string, bound: string) => string | undefined): string[] {
  return Object.keys(bounds ?? {})
    .sort()
    .flatMap((name) => check(name, bounds?.[name] as string) ?? []);
}

const shown = canonicalQuantity;

function belowMinimum(type: string, name: string, bound: string, requests: Amounts, limits: Amounts): string | undefined {
  const head = `minimum ${name} usage per ${type} is ${shown(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${head}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${head}, but request is ${shown(request)}`;
  if (limit !== undefined && compareQuantities(limit, bound) < 0) return `${head}, but limit is ${shown(limit)}`;
  return undefined;
}

function aboveMaximum(type: string, name: string, bound: string, requests: Amounts, limits: Amounts): string | undefined {
  const head = `maximum ${name} usage per ${type} is ${shown(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${head}, but limit is ${shown(limit)}`;
  if (request !== undefined && compareQuantities(request, bound) > 0) return `${head}, but request is ${shown(request)}`;
  return undefined;
}

function requestAbove(type: string, name: string, bound: string, requests: Amounts): string | undefined {
  const head = `maximum ${name} usage per ${type} is ${shown(bound)}`;
  const request = requests[name];
  if (request === undefined) return `${head}.  No request is specified`;
  return compareQuantities(request, bound) > 0 ? `${head}, but request is ${shown(request)}` : undefined;
}

function tooUneven(type: string, name: string, bound: string, requests: Amounts, limits: Amounts): string | undefined {
  const head = `${name} max limit to request ratio per ${type} is ${shown(bound)}`;
  const request = Number(parseQuantity(requests[name])?.nano ?? 0n);
  const limit = Number(parseQuantity(limits[name])?.nano ?? 0n);
  if (request === 0) return `${head}, but no request is specified or request is 0`;
  if (limit === 0) return `${head}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio > Number(parseQuantity(bound)?.nano ?? 0n) / 1e9 ? `${head}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
