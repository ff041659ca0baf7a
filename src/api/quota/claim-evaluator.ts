import type { PersistentVolumeClaim } from '../../../generated/types/index.ts';
import type { ParsedQuantity } from '../../machinery/quantity.ts';
import { parseQuantity } from '../../machinery/quantity.ts';
import { count } from './amounts.ts';
import type { QuotaEvaluator } from './evaluator.ts';

const names = ['persistentvolumeclaims', 'requests.storage'];
const countName = 'count/persistentvolumeclaims';
/** `gold.storageclass.storage.k8s.io/requests.storage`. */
const classSuffix = '.storageclass.storage.k8s.io/';
const giga = 1_000_000_000n;

/** pkg/quota/v1/evaluator/core/persistent_volume_claims.go. */
export const claimEvaluator: QuotaEvaluator = {
  tracks: (name) => name === countName || names.includes(name) || names.some((one) => name.endsWith(classSuffix + one)),
  handles: (operation, subresource) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  inScope: () => false,
  usage(object) {
    const claim = object as Readonly<PersistentVolumeClaim>;
    const storageClass = claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';
    const used = new Map<string, ParsedQuantity>();
    const add = (name: string, amount: ParsedQuantity) => {
      used.set(name, amount);
      if (storageClass) used.set(storageClass + classSuffix + name, amount);
    };
    used.set(countName, count(1));
    add('persistentvolumeclaims', count(1));
    const size = sizeOf(claim);
    if (size) add('requests.storage', size);
    return used;
  },
  frees: (claim, previous) => (sizeOf(claim)?.nano ?? 0n) < (sizeOf(previous)?.nano ?? 0n),
};

/** Whole bytes; what is allocated counts while it is more than what is wanted. */
function sizeOf({ spec, status }: Readonly<PersistentVolumeClaim>): ParsedQuantity | undefined {
  const wanted = parseQuantity(spec?.resources?.requests?.storage);
  const allocated = parseQuantity(status?.allocatedResources?.storage);
  const larger = wanted && allocated && allocated.nano > wanted.nano ? allocated : wanted;
  return larger && { nano: ((larger.nano + giga - 1n) / giga) * giga, format: larger.format };
}
