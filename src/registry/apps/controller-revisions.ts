import type { ControllerRevision } from '../../../generated/types/index.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from '../../api/index.ts';
import { parseGroupVersion } from '../../machinery/types.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

/** `daemonset.apps/agent`, or `<none>`. */
function controllerOf(revision: Readonly<ControllerRevision>): string {
  const owner = revision.metadata?.ownerReferences?.find((one) => one.controller);
  if (!owner) return '<none>';
  const { group } = parseGroupVersion(owner.apiVersion);
  return `${owner.kind.toLowerCase()}${group ? `.${group}` : ''}/${owner.name}`;
}

/** pkg/registry/apps/controllerrevision. */
export const controllerRevisionStrategy = resourceStrategy<ControllerRevision>({
  resource: { group: 'apps', version: 'v1', kind: 'ControllerRevision', plural: 'controllerrevisions', namespaced: true },
  validate: validateControllerRevision,
  validateUpdate: validateControllerRevisionUpdate,
  columns: [
    nameColumn,
    column('Controller', 'Who keeps this revision.', controllerOf),
    column('Revision', 'Its place in the order of revisions.', (revision) => revision.revision),
    ageColumn,
  ],
});
