import type { Namespace } from '../../../generated/types/index.ts';
import {
  nameIsLabel,
  setNamespaceDefaults,
  validateNamespace,
  validateNamespaceFinalize,
  validateNamespaceStatusUpdate,
  validateNamespaceUpdate,
} from '../../api/index.ts';
import { checkOwnPreconditions } from '../generic/delete.ts';
import type { Strategy } from '../generic/strategy.ts';
import { ageColumn, column, nameColumn } from './columns.ts';

/** Every namespace carries its own name as a label, so that selectors can find it. */
function labelName(namespace: Namespace): void {
  const metadata = namespace.metadata!;
  if (metadata.name) (metadata.labels ??= {})['kubernetes.io/metadata.name'] = metadata.name;
}

/** pkg/registry/core/namespace. */
export const namespaceStrategy: Strategy<Namespace> = {
  resource: {
    group: '',
    version: 'v1',
    kind: 'Namespace',
    plural: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    namespaced: false,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  },
  applyDefaults: setNamespaceDefaults,
  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' };
    // This finalizer is the namespace controller's: it goes when the namespace is empty.
    const spec = (namespace.spec ??= {});
    if (!spec.finalizers?.includes('kubernetes')) (spec.finalizers ??= []).push('kubernetes');
    labelName(namespace);
  },
  canonicalize: labelName,
  validateName: nameIsLabel,
  validate: validateNamespace,
  prepareForUpdate(next, previous) {
    next.spec = { ...next.spec };
    if (previous.spec?.finalizers) next.spec.finalizers = previous.spec.finalizers;
    else delete next.spec.finalizers;
    next.status = previous.status!;
  },
  validateUpdate: validateNamespaceUpdate,
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec!;
    },
    validateUpdate: validateNamespaceStatusUpdate,
  },
  subresources: {
    finalize: {
      prepareForUpdate(next, previous) {
        next.status = previous.status!;
      },
      validateUpdate: validateNamespaceFinalize,
    },
  },
  beforeDelete: (namespace, query) => checkOwnPreconditions({ group: '', resource: 'namespaces' }, namespace, query),
  keepsDeleted: (namespace) => (namespace.spec?.finalizers ?? []).length > 0,
  markDeleted(namespace) {
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },
  returnsDeletedObject: true,
  columns: [nameColumn, column('Status', 'Active, or Terminating while it is being emptied.', (namespace) => namespace.status?.phase ?? ''), ageColumn],
  selectableFields: (namespace) => ({ 'status.phase': namespace.status?.phase ?? '' }),
};
