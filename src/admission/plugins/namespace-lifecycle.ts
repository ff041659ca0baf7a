import type { Namespace } from '../../../generated/types/index.ts';
import { failure, forbidden, notFound } from '../../machinery/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../types.ts';

const namespaces = { group: '', resource: 'namespaces' };
const immortal = new Set(['default', 'kube-system', 'kube-public']);

/** Reviews about access are answered even in namespaces that do not exist. */
const reviews = new Set(['localsubjectaccessreviews']);

/**
 * Nothing is created in a namespace that is missing (404) or being deleted (403), and the namespaces of the system stay
 * (apiserver/pkg/admission/plugin/namespace/lifecycle).
 */
export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    rules: [{ resource: '*/*', operations: ['CREATE', 'UPDATE', 'DELETE'] }],
    async admit(attributes) {
      const { operation, resource, namespace, name } = attributes;
      const isNamespace = resource.group === '' && resource.resource === 'namespaces';
      if (operation === 'DELETE' && isNamespace && immortal.has(name)) throw forbidden(namespaces, name, 'this namespace may not be deleted');
      if (!namespace || isNamespace || operation === 'DELETE' || reviews.has(resource.resource)) return;
      const found = await reader.get<Namespace>(namespaces, undefined, namespace);
      if (!found) throw notFound(namespaces, namespace);
      if (operation === 'CREATE' && isEnding(found)) throw terminating(attributes);
    },
  };
}

const isEnding = (namespace: Readonly<Namespace>): boolean => namespace.status?.phase === 'Terminating' || namespace.metadata?.deletionTimestamp !== undefined;

/** 403 with the cause by which controllers know that there is no use in trying again. */
function terminating({ resource, namespace, name, object }: AdmissionAttributes): Error {
  const shown = name || object?.metadata?.generateName || '';
  const text = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { status } = forbidden(resource, shown, text);
  const causes = [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }];
  return failure(403, 'Forbidden', status.message ?? text, { ...status.details, causes });
}
