import type { FieldRequirements } from '../../machinery/selectors/fields.ts';
import { matchesFields, parseFieldSelector } from '../../machinery/selectors/fields.ts';
import { parseLabelSelector } from '../../machinery/selectors/label-parser.ts';
import { matchesLabels } from '../../machinery/selectors/labels.ts';
import { badRequest } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';

type SelectableFields = (object: Readonly<KubeObject>) => Readonly<Record<string, string>>;

/** What field selectors may name of a resource. */
export interface FieldLabels {
  readonly namespaced: boolean;
  /** Beside name and namespace; without it those two are known for every resource, even one without namespaces. */
  readonly fields?: SelectableFields | undefined;
  /** What is said of any other field. */
  unsupported(field: string): string;
}

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
 * @throws StatusError 400 with upstream's texts (runtime.DefaultMetaV1FieldSelectorConversion, and the conversions of each group)
 */
export function selectionOf(labelSelector: string, fieldSelector: string, known: FieldLabels): Selection {
  if (!labelSelector && !fieldSelector) return everything;
  const labels = parseLabelSelector(labelSelector);
  const fields = parseFieldSelector(fieldSelector);
  checkFields(fields, known);
  if (labels.length === 0 && fields.length === 0) return everything;
  const name = fields.find((one) => one.field === 'metadata.name' && !one.negated && one.value !== '')?.value;
  const matches = (object: Readonly<KubeObject>): boolean =>
    matchesLabels(labels, object.metadata?.labels) && (fields.length === 0 || matchesFields(fields, fieldReader(object, known.fields)));
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
function checkFields(requirements: FieldRequirements, { fields, namespaced, unsupported }: FieldLabels): void {
  for (const { field } of requirements) {
    if (field === 'metadata.name') continue;
    if (field === 'metadata.namespace' && (namespaced || !fields)) continue;
    if (!fields) throw badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
    const known = fields({ metadata: {}, spec: {}, status: {}, involvedObject: {}, regarding: {}, source: {} } as KubeObject);
    if (!Object.hasOwn(known, field)) throw badRequest(unsupported(field));
  }
}
