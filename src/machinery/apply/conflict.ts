import { StatusError } from '../status-error.ts';
import { type Manager, managerId } from './managed-fields.ts';
import type { PathElement } from './path-element.ts';
import { showPath } from './path-element.ts';

/** A field that an apply would change and somebody else owns. */
export interface FieldConflict {
  readonly owner: Manager;
  readonly path: readonly PathElement[];
}

/** What keeps an apply from going through without force. */
export class ApplyConflicts extends Error {
  constructor(readonly conflicts: readonly FieldConflict[]) {
    super('conflicts');
  }
}

/** The 409 of an apply (managedfields NewConflictError): conflicts by manager, one cause each. */
export function conflictStatus(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${showManager(owner)}`,
    field: showPath(path),
  }));
  const message = `Apply failed with ${summary(conflicts)}`;
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'Conflict', details: { causes }, code: 409 });
}

function summary(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1) return `1 conflict: conflict with ${showManager(first!.owner)}: ${showPath(first!.path)}`;
  const lines: string[] = [];
  let last = '';
  for (const { owner, path } of conflicts) {
    const id = managerId(owner);
    if (id !== last) lines.push(`conflicts with ${showManager(owner)}:`);
    last = id;
    lines.push(`- ${showPath(path)}`);
  }
  return `${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function showManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = JSON.stringify(manager) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
