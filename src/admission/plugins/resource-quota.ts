import type { ResourceQuota } from '../../../generated/types/index.ts';
import type { Amounts, QuotaEvaluator } from '../../api/quota/index.ts';
import {
  addAmounts,
  excessOf,
  formatAmounts,
  matchesQuota,
  namesAbove,
  onlyNamed,
  parseAmounts,
  printAmounts,
  quotaEvaluatorFor,
  withoutZeros,
} from '../../api/quota/index.ts';
import type { KubeObject, ObjectKey } from '../../machinery/types.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, StatusWriter } from '../types.ts';
import { refusal } from './refusal.ts';

const quotas = { group: '', resource: 'resourcequotas' };

export interface ResourceQuotaDependencies {
  readonly reader: ObjectReader;
  readonly writer: StatusWriter;
  /** Simulated milliseconds. */
  now(): number;
}

/**
 * Charges quotas for what is about to be stored, and refuses what would go beyond them
 * (apiserver/pkg/admission/plugin/resourcequota). A charge is written before the object is, with compare-and-set, so no two
 * requests can share the last place. What is charged for and then not stored is given back by the quota controller.
 */
export function resourceQuota(deps: ResourceQuotaDependencies): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    rules: [
      { resource: '*', operations: ['CREATE', 'UPDATE'] },
      { resource: 'pods/resize', operations: ['UPDATE'] },
    ],
    validate(attributes) {
      const { namespace, resource, operation, subresource } = attributes;
      if (!namespace || (resource.group === '' && resource.resource === 'namespaces')) return undefined;
      const evaluator = quotaEvaluatorFor(resource);
      return evaluator?.handles(operation, subresource) ? evaluate(deps, attributes, evaluator) : undefined;
    },
  };
}

async function evaluate(deps: ResourceQuotaDependencies, attributes: AdmissionAttributes, evaluator: QuotaEvaluator): Promise<void> {
  const all = await deps.reader.list<ResourceQuota>(quotas, attributes.namespace);
  // All are asked before one is charged; the charge asks again, against the newest version.
  const due = all.filter((quota) => planCharge(deps.now(), attributes, evaluator, quota) !== undefined);
  if (attributes.dryRun) return;
  const charged: (readonly [ObjectKey, Amounts])[] = [];
  try {
    for (const quota of due) {
      const key = { namespace: attributes.namespace, name: quota.metadata?.name ?? '' };
      let delta: Amounts | undefined;
      await deps.writer.updateStatus<ResourceQuota>(quotas, key, (newest) => {
        delta = planCharge(deps.now(), attributes, evaluator, newest);
        if (delta) setUsed(newest, addAmounts(parseAmounts(newest.status?.used), delta));
      });
      if (delta) charged.push([key, delta]);
    }
  } catch (error) {
    for (const [key, delta] of charged) {
      await deps.writer.updateStatus<ResourceQuota>(quotas, key, (newest) => {
        const used = parseAmounts(newest.status?.used);
        setUsed(newest, new Map([...used, ...excessOf(onlyNamed(used, delta.keys()), delta)]));
      });
    }
    throw error;
  }
}

function setUsed(quota: ResourceQuota, used: Amounts): void {
  quota.status = { ...quota.status, used: formatAmounts(used) };
}

/**
 * What a quota is to be charged, or undefined if the request does not concern it.
 * @throws StatusError 403 if the object says too little to be counted, if nobody has counted yet, or if there is not enough left
 */
function planCharge(now: number, attributes: AdmissionAttributes, evaluator: QuotaEvaluator, quota: Readonly<ResourceQuota>): Amounts | undefined {
  const name = quota.metadata?.name ?? '';
  const hard = parseAmounts(quota.status?.hard);
  const used = parseAmounts(quota.status?.used);
  const { object } = attributes;
  if (!matchesQuota(evaluator, quota, object, [...hard.keys()])) return undefined;
  const concerned = [...hard.keys()].filter((one) => evaluator.tracks(one));
  const missing = evaluator.missing?.(concerned, object);
  if (missing) throw refusal(attributes, `failed quota: ${name}: ${missing}`);
  if (concerned.some((one) => !used.has(one))) throw refusal(attributes, `status unknown for quota: ${name}, resources: ${concerned.sort().join(',')}`);
  const delta = withoutZeros(onlyNamed(deltaOf(now, attributes, evaluator, quota, hard), hard.keys()));
  if (delta.size === 0) return undefined;
  const exceeded = namesAbove(onlyNamed(addAmounts(used, delta), delta.keys()), hard);
  if (exceeded.length > 0) {
    const shown = (amounts: Amounts) => printAmounts(onlyNamed(amounts, exceeded));
    throw refusal(attributes, `exceeded quota: ${name}, requested: ${shown(delta)}, used: ${shown(used)}, limited: ${shown(hard)}`);
  }
  return delta;
}

/** An update is charged for what is more than before, if the quota counted it before. */
function deltaOf(now: number, attributes: AdmissionAttributes, evaluator: QuotaEvaluator, quota: Readonly<ResourceQuota>, hard: Amounts): Amounts {
  const { operation, object, oldObject } = attributes;
  const usage = evaluator.usage(object, now);
  if (operation !== 'UPDATE' || !oldObject || !matchesQuota(evaluator, quota, oldObject as KubeObject, [...hard.keys()])) return usage;
  return excessOf(usage, evaluator.usage(oldObject as KubeObject, now));
}
