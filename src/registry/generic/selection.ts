import type { FieldRequirements } from '../../machinery/selectors/fields.ts';
import { matchesFields, parseFieldSelector } from '../../machinery/selectors/fields.ts';
import { parseLabelSelector } from '../../machinery/selectors/label-parser.ts';
import { matchesLabels } from '../../machinery/selectors/labels.ts';
import { badRequest } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';

type SelectableFields = (object: Readonly<KubeObject>) => Readonly<Record<string, string>>;

/** Which objects of a resource a list, watch or collection delete is about. */
export interface Selection {
  /** Absent if everything is selected. */
  readonly matches: ((object: Readonly<KubeObject>) => boolean) | undefined;
  /** The one name that can match, where the field selector says so. */
  readonly name: string | undefined;
}

export const everything: Selection = { matches: undefined, name: undefined };

/**
 * Reads both selectors.
 * @param selectableFields what the resource lets field selectors name beside its name and namespace
 * @throws StatusError 400 with upstream's texts
 */
export function selectionOf(labelSelector: string, fieldSelector: string, selectableFields: SelectableFields | undefined): Selection {
  if (!labelSelector && !fieldSelector) return everything;
  const labels = parseLabelSelector(labelSelector);
  const fields = parseFieldSelector(fieldSelector);
  checkFields(fields, selectableFields);
  if (labels.length === 0 && fields.length === 0) return everything;
  const name = fields.find((one) => one.field === 'metadata.name' && !one.negated && one.value !== '')?.value;
  const matches = (object: Readonly<KubeObject>): boolean =>
    matchesLabels(labels, object.metadata?.labels) && (fields.length === 0 || matchesFields(fields, fieldReader(object, selectableFields)));
  return { matches, name };
}

function fieldReader(object: Readonly<KubeObject>, selectableFields: SelectableFields | undefined): (field: string) => string {
  let own: Readonly<Record<string, string>> | undefined;
  return (field) => {
    if (field === 'metadata.name') return object.metadata?.name ?? '';
    if (field === 'metadata.namespace') return object.metadata?.namespace ?? '';
    own ??= selectableFields?.(object) ?? {};
    return own[field] ?? '';
  };
}

/** Names of fields are the same for every object, so an empty one tells them. */
function checkFields(fields: FieldRequirements, selectableFields: SelectableFields | undefined): void {
  for (const { field } of fields) {
    if (field === 'metadata.name' || field === 'metadata.namespace') continue;
    if (!selectableFields) throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
    const known = selectableFields({ metadata: {}, spec: {}, status: {}, involvedObject: {}, regarding: {}, source: {} } as KubeObject);
    if (!Object.hasOwn(known, field)) throw badRequest(`field label not supported: ${field}`);
  }
}
