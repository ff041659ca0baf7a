import type { CustomResourceColumnDefinition, CustomResourceSubresources, SelectableField } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength } from '../../meta/names.ts';
import { fieldPathMistake } from './field-paths.ts';
import type { SchemaProps } from './schema-props.ts';
import { whyNotStructural } from './structural-schema.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const selectableTypes = ['string', 'boolean', 'integer'];
const maxSelectable = 8;
const maxWarningBytes = 256;

/** What is said of a version that should not be used any more. */
export function validateDeprecationWarning(mistakes: Mistakes, deprecated: boolean, text: string | undefined, at: FieldPath): void {
  if (text === undefined) return;
  if (!deprecated) {
    mistakes.invalid(at, text, 'can only be set for deprecated versions');
    return;
  }
  if (byteLength(text) > maxWarningBytes) mistakes.invalid(at, text, `must be <= ${maxWarningBytes} characters long`);
  if (text === '') mistakes.invalid(at, text, 'must not be an empty string');
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (!unprintable) return;
  const index = byteLength(text.slice(0, unprintable.index));
  mistakes.invalid(at, text, `must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
}

/** ValidateCustomResourceDefinitionSubresources: where a Scale finds its numbers. */
export function validateSubresources(mistakes: Mistakes, subresources: CustomResourceSubresources | undefined, at: FieldPath): void {
  const scale = subresources?.scale;
  if (!scale) return;
  for (const [field, prefix] of [
    ['specReplicasPath', '.spec'],
    ['statusReplicasPath', '.status'],
  ] as const) {
    const text = scale[field];
    const where = at.child('scale', field);
    if (!text) mistakes.required(where);
    else if (isSimplePath(mistakes, text, where) && !text.startsWith(`${prefix}.`)) mistakes.invalid(where, text, `should be a json path under ${prefix}`);
  }
  const selector = scale.labelSelectorPath;
  const where = at.child('scale', 'labelSelectorPath');
  if (selector && isSimplePath(mistakes, selector, where) && !/^\.(spec|status)\./.test(selector))
    mistakes.invalid(where, selector, 'should be a json path under either .spec or .status');
}

function isSimplePath(mistakes: Mistakes, text: string, at: FieldPath): boolean {
  if (text.startsWith('.')) return true;
  mistakes.invalid(at, text, 'must be a simple json path starting with .');
  return false;
}

/** ValidateCustomResourceColumnDefinition. Its path is told in upper case, as a field of old was. */
export function validateColumn(mistakes: Mistakes, { name, type, format, jsonPath }: CustomResourceColumnDefinition, at: FieldPath): void {
  const typeMessage = `must be one of ${columnTypes.join(',')}`;
  if (!name) mistakes.required(at.child('name'));
  if (!type) mistakes.required(at.child('type'), typeMessage);
  else if (!columnTypes.includes(type)) mistakes.invalid(at.child('type'), type, typeMessage);
  if (format && !columnFormats.includes(format)) mistakes.invalid(at.child('format'), format, `must be one of ${columnFormats.join(',')}`);
  if (!jsonPath) mistakes.required(at.child('JSONPath'));
  else isSimplePath(mistakes, jsonPath, at.child('JSONPath'));
}

/** ValidateCustomResourceSelectableFields: scalars of the schema, each once. `above` is what has both. */
export function validateSelectableFields(mistakes: Mistakes, fields: readonly SelectableField[], given: SchemaProps, above: FieldPath): void {
  const unstructured = whyNotStructural(given);
  if (unstructured !== undefined) mistakes.invalid(above.child('schema', 'openAPIV3Schema'), '', unstructured);
  const schema = unstructured === undefined ? given : undefined;
  const at = above.child('selectableFields');
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, i) => {
    const where = at.index(i).child('jsonPath');
    if (!jsonPath) {
      mistakes.required(where);
      return;
    }
    const found = fieldPathMistake(schema, jsonPath, { allowArrays: false });
    if (found.why !== undefined) {
      mistakes.invalid(where, jsonPath, `is an invalid path: ${found.why}`);
      return;
    }
    if (found.names[0] === 'metadata') mistakes.invalid(where, jsonPath, 'must not point to fields in metadata');
    if (!selectableTypes.includes(found.schema?.type ?? ''))
      mistakes.invalid(where, jsonPath, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.');
    const path = found.names.join('.');
    if (seen.has(path)) mistakes.duplicate(where, jsonPath);
    seen.add(path);
  });
  if (seen.size > maxSelectable) mistakes.tooMany(at, seen.size, maxSelectable);
}
