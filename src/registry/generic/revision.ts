import { failure } from '../../machinery/status-error.ts';

/**
 * A resourceVersion as the store's number; absent and `0` are 0.
 * @throws StatusError 500, as upstream answers a version that is no number
 */
export function parseRevision(resourceVersion: string | undefined, field = ''): number {
  if (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0') return 0;
  const revision = Number(resourceVersion);
  if (Number.isSafeInteger(revision) && revision >= 0 && /^\d+$/.test(resourceVersion)) return revision;
  const why = `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`;
  throw failure(500, '', field ? `${field}: Invalid value: ${JSON.stringify(resourceVersion)}: ${why}` : why);
}
