import { badRequest, failure } from '../../machinery/status-error.ts';

/**
 * A resourceVersion as the store's number; absent and `0` are 0.
 * @throws StatusError 500, as upstream answers a version that is no number
 */
export function parseRevision(resourceVersion: string | undefined, field = ''): number {
  const revision = tryParse(resourceVersion, field);
  if (typeof revision === 'number') return revision;
  throw failure(500, '', revision);
}

/** The same for the query of a list, of which upstream says more kindly what is wrong. @throws StatusError 400 */
export function parseListRevision(resourceVersion: string): number {
  const revision = tryParse(resourceVersion, 'resourceVersion');
  if (typeof revision === 'number') return revision;
  throw badRequest(`invalid resource version: ${revision}`);
}

const uint64Max = 2n ** 64n - 1n;

/** The number, or why it is none. Numbers that only 64 bits hold lose their last digits: they are in the future all the same. */
function tryParse(resourceVersion: string | undefined, field: string): number | string {
  if (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0') return 0;
  const isNumber = /^\d+$/.test(resourceVersion);
  if (isNumber && (resourceVersion.length < 16 || (resourceVersion.length < 100 && BigInt(resourceVersion) <= uint64Max))) return Number(resourceVersion);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: ${isNumber ? 'value out of range' : 'invalid syntax'}`;
  return field ? `${field}: Invalid value: ${JSON.stringify(resourceVersion)}: ${why}` : why;
}
