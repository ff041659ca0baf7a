import { type Schema, type SchemaNode, specialDefinitions } from './schema.ts';

/** Go types of definitions that are no plain structs, as `reflect.Type` prints them. */
const specialNames: Record<string, string> = {
  [specialDefinitions.time]: 'v1.Time',
  [specialDefinitions.microTime]: 'v1.MicroTime',
  [specialDefinitions.quantity]: 'resource.Quantity',
  [specialDefinitions.intOrString]: 'intstr.IntOrString',
  [specialDefinitions.rawExtension]: 'runtime.RawExtension',
  [specialDefinitions.fieldsV1]: 'v1.FieldsV1',
};

/** The Go type a node is decoded into, as error texts name it: `[]v1.Container`, `map[string]string`, `int32`, `v1.PodSpec`. */
export function goTypeOf(schema: Schema, node: SchemaNode): string {
  if (node['x-go-type']) return node['x-go-type'];
  const name = schema.nameOf(node);
  if (name) return specialNames[name] ?? schema.resolve(node)['x-go-type'] ?? structType(name);
  switch (node.type) {
    case 'array':
      return `[]${node.items ? goTypeOf(schema, node.items) : 'interface {}'}`;
    case 'object':
      return mapType(schema, node);
    case 'integer':
      return node.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'string':
      return node.format === 'byte' ? '[]uint8' : 'string';
    default:
      return 'interface {}';
  }
}

function mapType(schema: Schema, node: SchemaNode): string {
  const values = typeof node.additionalProperties === 'object' ? goTypeOf(schema, node.additionalProperties) : 'interface {}';
  return `map[string]${values}`;
}

/** `io.k8s.api.apps.v1.Deployment` is `v1.Deployment`: Go prints only the last part of a package's path. */
function structType(name: string): string {
  return name.split('.').slice(-2).join('.');
}
