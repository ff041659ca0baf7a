import { nameIsPathSegment } from '../api/index.ts';
import { badRequest } from '../machinery/status-error.ts';

/**
 * A name under which something is looked up in storage, whether it stands in the path or in a reference.
 * @throws StatusError 400 for one that no path can hold (apiserver/pkg/registry/generic/registry NamespaceKeyFunc, NoNamespaceKeyFunc)
 */
export function checkNameParameter(name: string): void {
  if (!name) throw badRequest('Name parameter required.');
  const why = nameIsPathSegment(name, false);
  if (why.length > 0) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${why.join(';')}`);
}
