import type { CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionSpec } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
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
  const { conditions = null as never, acceptedNames = { plural: '', kind: '' }, storedVersions = [] } = definition.status ?? {};
  definition.status = { ...definition.status, conditions, acceptedNames, storedVersions };
  if (storedVersions.length === 0)
    definition.status.storedVersions = (spec.versions ?? [])
      .filter(({ storage }) => storage)
      .slice(0, 1)
      .map(({ name }) => name);
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
  const misnamed = mistakesOf((mistakes) => {
    const { metadata, spec } = definition;
    if (spec && metadata?.name !== `${spec.names.plural}.${spec.group}`)
      mistakes.invalid(path('metadata', 'name'), metadata?.name ?? '', 'must be spec.names.plural+"."+spec.group');
  });
  return [...misnamed, ...validateWanted(definition)];
}

/** All but the name, which is checked once. */
function validateWanted({ spec, status }: CustomResourceDefinition): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec) return;
    if (!spec.group) mistakes.required(specPath.child('group'));
    else if (!allInOne(mistakes, specPath.child('group'), spec.group, isDns1123Subdomain(spec.group)) && !spec.group.includes('.'))
      mistakes.invalid(specPath.child('group'), spec.group, 'should be a domain with at least one dot');
    mistakes.oneOf(specPath.child('scope'), spec.scope, ['Cluster', 'Namespaced']);
    validateVersions(mistakes, spec);
    validateNames(mistakes, spec.names, specPath.child('names'));
    if ((status?.storedVersions ?? []).length === 0)
      mistakes.invalid(path('status', 'storedVersions'), goStringList(spec.versions ? [] : undefined), 'must have at least one stored version');
  });
}

/** What names the stored objects never changes; how they are kept changes only before the definition is in use. */
export function validateCustomResourceDefinitionUpdate(next: CustomResourceDefinition, previous: Readonly<CustomResourceDefinition>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    const [after, before] = [next.spec, previous.spec];
    const names = specPath.child('names');
    if (previous.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) {
      mistakes.immutable(specPath.child('scope'), after.scope, after.scope === before.scope);
      mistakes.immutable(names.child('kind'), after.names.kind, after.names.kind === before.names.kind);
    }
    mistakes.immutable(specPath.child('group'), after.group, after.group === before.group);
    mistakes.immutable(names.child('plural'), after.names.plural, after.names.plural === before.names.plural);
  });
  return [...validateWanted(next), ...frozen];
}

function validateVersions(mistakes: Mistakes, { versions = [] }: CustomResourceDefinitionSpec): void {
  const at = specPath.child('versions');
  const seen = new Set<string>();
  versions.forEach((version, i) => {
    seen.add(version.name);
    allInOne(mistakes, at.index(i).child('name'), version.name, isDns1035Label(version.name ?? ''));
    const schema = version.schema?.openAPIV3Schema as Readonly<Record<string, unknown>> | undefined;
    if (!schema) mistakes.required(at.index(i).child('schema', 'openAPIV3Schema'), 'schemas are required');
    else if (schema.type === undefined && !schema['x-kubernetes-preserve-unknown-fields'])
      mistakes.required(at.index(i).child('schema', 'openAPIV3Schema', 'type'), 'must not be empty at the root');
  });
  if (seen.size < versions.length) mistakes.invalid(at, versions, 'must contain unique version names');
  const shown = versions.length > 0 ? versions : new GoText('[]apiextensions.CustomResourceDefinitionVersion(nil)');
  if (versions.filter((version) => version.storage).length !== 1) mistakes.invalid(at, shown, 'must have exactly one version marked as storage version');
}

/** Tells all that is wrong with a value as one mistake; whether there is one. */
function allInOne(mistakes: Mistakes, at: FieldPath, value: string, wrong: readonly string[], prefix = ''): boolean {
  if (wrong.length > 0) mistakes.invalid(at, value, prefix + wrong.join(','));
  return wrong.length > 0;
}

function validateNames(mistakes: Mistakes, names: CustomResourceDefinitionNames, at: FieldPath): void {
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) if (!names[field]) mistakes.required(at.child(field));
  for (const field of ['plural', 'singular'] as const) if (names[field]) allInOne(mistakes, at.child(field), names[field], isDns1035Label(names[field]));
  for (const field of ['kind', 'listKind'] as const) {
    const name = names[field];
    if (name) allInOne(mistakes, at.child(field), name, isDns1035Label(name.toLowerCase()), 'may have mixed case, but should otherwise match: ');
  }
  const each = (field: 'shortNames' | 'categories'): void =>
    (names[field] ?? []).forEach((name, i) => {
      allInOne(mistakes, at.child(field).index(i), name, isDns1035Label(name));
    });
  each('shortNames');
  if (names.kind && names.kind === names.listKind) mistakes.invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same');
  each('categories');
}
