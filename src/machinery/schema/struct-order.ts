import type { ProtobufMessage, ProtobufSchema } from '../codec/protobuf-schema.ts';
import type { GroupVersionKind } from '../types.ts';
import { formatGroupVersion } from '../types.ts';

/** What Go keeps a value in: a struct of this message, or a map of them. Lists hold what their items are. */
export interface GoShape {
  readonly schema: ProtobufSchema;
  readonly message: ProtobufMessage | undefined;
  readonly isMap: boolean;
}

/** The struct of a built-in kind; undefined for custom resources, which Go keeps in maps. */
export function structOf(schema: ProtobufSchema, gvk: GroupVersionKind): GoShape | undefined {
  const message = schema.messageFor(formatGroupVersion(gvk), gvk.kind);
  return message && { schema, message, isMap: false };
}

/** What a field of a struct, or a value of a map, is kept in; undefined for JSON that Go does not look into. */
export function shapeOf({ schema, message, isMap }: GoShape, key: string): GoShape | undefined {
  if (isMap) return { schema, message, isMap: false };
  const field = fieldsOf(schema, message).find(({ name }) => name === key);
  return field && { schema, message: schema.message(field.type), isMap: field.map };
}

/** Keys as Go writes and reads the fields of a struct: kind and version first, what it has no field for behind the others. Those of maps are sorted. */
export function orderedKeys(keys: readonly string[], { schema, message, isMap }: GoShape): string[] {
  if (isMap) return keys.toSorted(byBytes);
  const own = fieldsOf(schema, message).map(({ name }) => name);
  const names = [...['kind', 'apiVersion'].filter((name) => !own.includes(name)), ...own];
  const place = (key: string): number => (names.includes(key) ? names.indexOf(key) : names.length);
  return keys.toSorted((a, b) => place(a) - place(b));
}

export const byBytes = (a: string, b: string): number => (a < b ? -1 : 1);

function fieldsOf(schema: ProtobufSchema, message: ProtobufMessage | undefined): ProtobufMessage['fields'] {
  return (message?.fields ?? []).flatMap((field) => (field.embedded ? fieldsOf(schema, schema.message(field.type)) : [field]));
}
