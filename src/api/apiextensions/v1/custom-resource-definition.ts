import type { CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionSpec } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../meta/names.ts';

/** apiextensions-apiserver/pkg/apis/apiextensions/v1 SetDefaults_CustomResourceDefinition. */
export function setCustomResourceDefinitionDefaults(definition: CustomResourceDefinition): void {
  const spec = (definition.spec ??= {} as CustomResourceDefinitionSpec);
  const names = (spec.names ??= { kind: '', plural: '' });
  names.singular ||= names.kind.toLowerCase();
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const client = spec.conversion.webhook?.clientConfig?.service;
  if (client) client.port ??= 443;
}

/** What a new definition says of itself before its controllers have looked at it. */
export function newDefinitionStatus({ spec }: CustomResourceDefinition): NonNullable<CustomResourceDefinition['status']> {
  const storedVersions = (spec?.versions ?? []).filter((version) => version.storage).map((version) => version.name);
  return { conditions: null as never, acceptedNames: { plural: '', kind: '' }, storedVersions };
}

const specPath = path('spec');

/**
 * What apiextensions-apiserver/pkg/apis/apiextensions/validation says of names, scope and versions.
 * Differs from upstream: schemas, expressions, columns and conversion are checked when custom resources are served.
 */
export function validateCustomResourceDefinition(definition: CustomResourceDefinition): FieldError[] {
  return mistakesOf((mistakes) => {
    const { spec } = definition;
    if (!spec) return;
    const required = `${spec.names.plural}.${spec.group}`;
    if (definition.metadata?.name !== required)
      mistakes.invalid(path('metadata', 'name'), definition.metadata?.name ?? '', 'must be spec.names.plural+"."+spec.group');
    if (!spec.group) mistakes.required(specPath.child('group'));
    else {
      mistakes.invalid(specPath.child('group'), spec.group, isDns1123Subdomain(spec.group));
      if (spec.group.split('.').length < 2) mistakes.invalid(specPath.child('group'), spec.group, 'should be a domain with at least one dot');
    }
    mistakes.oneOf(specPath.child('scope'), spec.scope, ['Cluster', 'Namespaced']);
    validateVersions(mistakes, spec);
    validateNames(mistakes, spec.names, specPath.child('names'));
    if ((definition.status?.storedVersions ?? []).length === 0)
      mistakes.invalid(path('status', 'storedVersions'), goStringList(definition.status?.storedVersions), 'must have at least one stored version');
  });
}

function validateVersions(mistakes: Mistakes, { versions = [] }: CustomResourceDefinitionSpec): void {
  const at = specPath.child('versions');
  const seen = new Set<string>();
  versions.forEach((version, i) => {
    seen.add(version.name);
    mistakes.invalid(at.index(i).child('name'), version.name, isDns1035Label(version.name ?? ''));
    const schema = version.schema?.openAPIV3Schema as Readonly<Record<string, unknown>> | undefined;
    if (!schema) mistakes.required(at.index(i).child('schema', 'openAPIV3Schema'), 'schemas are required');
    else if (schema.type === undefined && !schema['x-kubernetes-preserve-unknown-fields'])
      mistakes.required(at.index(i).child('schema', 'openAPIV3Schema', 'type'), 'must not be empty at the root');
  });
  if (seen.size < versions.length) mistakes.invalid(at, versions, 'must contain unique version names');
  if (versions.filter((version) => version.storage).length !== 1) mistakes.invalid(at, versions, 'must have exactly one version marked as storage version');
}

function validateNames(mistakes: Mistakes, names: CustomResourceDefinitionNames, at: FieldPath): void {
  mistakes.invalid(at.child('plural'), names.plural, isDns1035Label(names.plural ?? ''));
  for (const field of ['singular', 'kind', 'listKind'] as const) {
    const name = names[field];
    if (name) mistakes.invalid(at.child(field), name, isDns1035Label(name.toLowerCase()));
  }
  for (const field of ['shortNames', 'categories'] as const)
    (names[field] ?? []).forEach((name, i) => {
      mistakes.invalid(at.child(field).index(i), name, isDns1035Label(name));
    });
  if (names.kind && names.kind === names.listKind) mistakes.invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same');
}
