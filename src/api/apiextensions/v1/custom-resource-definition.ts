import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  SelectableField,
} from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { validateReviewVersions, validateWebhookClient } from '../../admissionregistration/v1/webhooks.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../meta/names.ts';
import type { SchemaProps } from './schema-props.ts';
import { schemaOf, someSchema } from './schema-props.ts';
import { validateSchema } from './schema-validation.ts';
import { type SharedParts, sharedParts } from './shared-parts.ts';
import { validateColumn, validateDeprecationWarning, validateSelectableFields, validateSubresources } from './version-parts.ts';

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
  if (storedVersions.length === 0) definition.status.storedVersions = storageVersions(spec.versions);
}

/** The version that objects are stored in; one, though more may say so. */
export function storageVersions(versions: readonly CustomResourceDefinitionVersion[] = []): string[] {
  const found = versions.find(({ storage }) => storage);
  return found ? [found.name] : [];
}

/** What a new definition says of itself before its controllers have looked at it. */
export function newDefinitionStatus({ spec }: CustomResourceDefinition): NonNullable<CustomResourceDefinition['status']> {
  const storedVersions = storageVersions(spec?.versions);
  return { conditions: null as never, acceptedNames: { plural: '', kind: '' }, storedVersions };
}

const specPath = path('spec');
const protectedGroup = /(^|\.)(k8s|kubernetes)\.io$/;
const approvalAnnotation = 'api-approved.kubernetes.io';
const enhancement = 'see https://github.com/kubernetes/enhancements/pull/1111';

/**
 * apiextensions-apiserver/pkg/apis/apiextensions/validation ValidateCustomResourceDefinition.
 *
 * Differs from upstream: rules of schemas are not compiled, and default values not held against their schemas.
 */
export function validateCustomResourceDefinition(definition: CustomResourceDefinition): FieldError[] {
  const misnamed = mistakesOf((mistakes) => {
    const { metadata, spec } = definition;
    const why = 'must be spec.names.plural+"."+spec.group';
    if (!spec) return;
    const wanted = `${spec.names.plural}.${spec.group}`;
    if (metadata?.generateName && metadata.generateName !== wanted) mistakes.invalid(path('metadata', 'generateName'), metadata.generateName, why);
    if (metadata?.name && metadata.name !== wanted) mistakes.invalid(path('metadata', 'name'), metadata.name, why);
  });
  return [...misnamed, ...validateWanted(definition), ...validateApproval(definition, undefined), ...validatePreservation(definition, undefined)];
}

/** Groups of Kubernetes' own are approved of by its community, or say why not. */
function validateApproval({ metadata, spec }: CustomResourceDefinition, previous: Readonly<CustomResourceDefinition> | undefined): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!protectedGroup.test(spec?.group ?? '')) return;
    const text = metadata?.annotations?.[approvalAnnotation] ?? '';
    const state = approvalOf(text);
    if (previous && approvalOf(previous.metadata?.annotations?.[approvalAnnotation] ?? '') === state) return;
    const at = path('metadata', 'annotations').key(approvalAnnotation);
    const needed = `protected groups must have approval annotation "${approvalAnnotation}"`;
    if (state === 'missing') mistakes.required(at, `${needed}, ${enhancement}`);
    if (state === 'invalid') mistakes.invalid(at, text, `${needed} with either a URL or a reason starting with "unapproved", ${enhancement}`);
  });
}

function approvalOf(text: string): 'missing' | 'bypassed' | 'approved' | 'invalid' {
  if (text === '') return 'missing';
  if (text.startsWith('unapproved')) return 'bypassed';
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]+/.test(text) ? 'approved' : 'invalid';
}

function validatePreservation({ spec }: CustomResourceDefinition, previous: Readonly<CustomResourceDefinition> | undefined): FieldError[] {
  return mistakesOf((mistakes) => {
    if (spec?.preserveUnknownFields && !previous?.spec?.preserveUnknownFields)
      mistakes.invalid(
        specPath.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      );
  });
}

/** All but the name, which is checked once. */
function validateWanted({ spec, status }: CustomResourceDefinition): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec) return;
    if (!spec.group) mistakes.required(specPath.child('group'));
    else if (!allInOne(mistakes, specPath.child('group'), spec.group, isDns1123Subdomain(spec.group)) && !spec.group.includes('.'))
      mistakes.invalid(specPath.child('group'), spec.group, 'should be a domain with at least one dot');
    mistakes.oneOf(specPath.child('scope'), spec.scope, ['Cluster', 'Namespaced']);
    const shared = sharedParts(spec.versions ?? []);
    validateVersions(mistakes, spec, shared);
    const names = specPath.child('names');
    for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) if (!spec.names[field]) mistakes.required(names.child(field));
    validateNames(mistakes, spec.names, names);
    validateShared(mistakes, shared, spec.versions ?? []);
    validateConversion(mistakes, spec, specPath.child('conversion'));
    validateNames(mistakes, status?.acceptedNames ?? { plural: '', kind: '' }, path('status', 'acceptedNames'));
    validateStoredVersions(mistakes, status?.storedVersions ?? [], spec.versions ?? [], path('status', 'storedVersions'));
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
  return [...validateWanted(next), ...frozen, ...validateApproval(next, previous), ...validatePreservation(next, previous)];
}

/** Of a status, the names that are in use. */
export function validateCustomResourceDefinitionStatus({ status }: CustomResourceDefinition): FieldError[] {
  return mistakesOf((mistakes) => validateNames(mistakes, status?.acceptedNames ?? { plural: '', kind: '' }, path('status', 'acceptedNames')));
}

function validateVersions(mistakes: Mistakes, spec: CustomResourceDefinitionSpec, shared: SharedParts): void {
  const { versions = [] } = spec;
  const at = specPath.child('versions');
  versions.forEach((version, i) => {
    if (!schemaOf(version)) mistakes.required(at.index(i).child('schema', 'openAPIV3Schema'), 'schemas are required');
  });
  const hasDefaults = versions.some((version) => someSchema(schemaOf(version), (schema) => schema.default !== undefined));
  if (hasDefaults && spec.preserveUnknownFields)
    mistakes.invalid(specPath.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema');
  versions.forEach((version, i) => {
    validateVersion(mistakes, version, shared, at.index(i));
  });
  if (new Set(versions.map(({ name }) => name)).size < versions.length) mistakes.invalid(at, versions, 'must contain unique version names');
  const shown = spec.versions ? versions : new GoText('[]apiextensions.CustomResourceDefinitionVersion(nil)');
  if (versions.filter((version) => version.storage).length !== 1) mistakes.invalid(at, shown, 'must have exactly one version marked as storage version');
  const first = versions[0]?.name;
  if (first) allInOne(mistakes, specPath.child('version'), first, isDns1035Label(first));
}

/** What a version has that the others have not. */
function validateVersion(mistakes: Mistakes, version: CustomResourceDefinitionVersion, shared: SharedParts, at: FieldPath): void {
  allInOne(mistakes, at.child('name'), version.name ?? '', isDns1035Label(version.name ?? ''));
  validateDeprecationWarning(mistakes, version.deprecated ?? false, version.deprecationWarning, at.child('deprecationWarning'));
  const own: Partial<CustomResourceDefinitionVersion> = Object.fromEntries(Object.entries(version).filter(([part]) => !shared.names.has(part)));
  const schema = schemaOf(own);
  if (schema) mistakes.add(validateSchema(schema, version.subresources?.status !== undefined, at.child('schema')));
  validateSubresources(mistakes, own.subresources, at.child('subresources'));
  validateColumns(mistakes, own.additionalPrinterColumns, at.child('additionalPrinterColumns'));
  const why = 'selectableFields may only be set when version.schema.openAPIV3Schema is not included';
  validateSelectable(mistakes, own.selectableFields, schema, why, at);
}

/** What all versions have alike, and upstream keeps in the spec itself. */
function validateShared(mistakes: Mistakes, { parts }: SharedParts, versions: readonly CustomResourceDefinitionVersion[]): void {
  const schema = schemaOf(parts);
  const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
  if (schema) mistakes.add(validateSchema(schema, hasStatus, specPath.child('validation')));
  validateSubresources(mistakes, parts.subresources, specPath.child('subresources'));
  validateColumns(mistakes, parts.additionalPrinterColumns, specPath.child('additionalPrinterColumns'));
  const why = 'selectableFields may only be set when validations.schema is included';
  validateSelectable(mistakes, parts.selectableFields, parts.schema ? (schema ?? {}) : undefined, why, specPath);
}

function validateColumns(mistakes: Mistakes, columns: readonly CustomResourceColumnDefinition[] = [], at: FieldPath): void {
  columns.forEach((column, i) => {
    validateColumn(mistakes, column, at.index(i));
  });
}

function validateSelectable(mistakes: Mistakes, fields: readonly SelectableField[] = [], schema: SchemaProps | undefined, why: string, at: FieldPath): void {
  if (fields.length === 0) return;
  if (schema) validateSelectableFields(mistakes, fields, schema, at);
  else mistakes.invalid(at.child('selectableFields'), '', why);
}

/** Who turns objects of one version into those of another. Messages name the fields as they were called of old. */
function validateConversion(mistakes: Mistakes, { conversion, preserveUnknownFields }: CustomResourceDefinitionSpec, at: FieldPath): void {
  if (!conversion) return;
  const { strategy, webhook } = conversion;
  if (strategy !== 'None' && preserveUnknownFields) mistakes.invalid(at.child('strategy'), strategy, 'must be None if spec.preserveUnknownFields is true');
  mistakes.oneOf(at.child('strategy'), strategy, ['None', 'Webhook']);
  const [client, reviews] = [at.child('webhookClientConfig'), at.child('conversionReviewVersions')];
  if (strategy === 'Webhook') {
    if (webhook?.clientConfig) validateWebhookClient(mistakes, webhook.clientConfig, client);
    else mistakes.required(client, 'required when strategy is set to Webhook');
    validateReviewVersions(mistakes, webhook?.conversionReviewVersions ?? [], reviews, '');
    return;
  }
  const why = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) mistakes.forbidden(client, why);
  if ((webhook?.conversionReviewVersions ?? []).length > 0) mistakes.forbidden(reviews, why);
}

/** Versions in which objects are stored, or have been: all are still there (ValidateCustomResourceDefinitionStoredVersions). */
function validateStoredVersions(mistakes: Mistakes, stored: readonly string[], versions: readonly CustomResourceDefinitionVersion[], at: FieldPath): void {
  if (stored.length === 0) {
    mistakes.invalid(at, goStringList(undefined), 'must have at least one stored version');
    return;
  }
  const left = new Set(stored);
  // A name that two versions have counts for the first.
  for (const { name, storage } of versions)
    if (!left.delete(name) && storage) mistakes.invalid(at, goStringList(stored), `must have the storage version ${name}`);
  stored.forEach((name, i) => {
    if (!left.has(name)) return;
    const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures`;
    mistakes.invalid(at.index(i), name, `${why} no data remains persisted in ${name} and removes ${name} from status.storedVersions`);
  });
}

/** Tells all that is wrong with a value as one mistake; whether there is one. */
function allInOne(mistakes: Mistakes, at: FieldPath, value: string, wrong: readonly string[], prefix = ''): boolean {
  if (wrong.length > 0) mistakes.invalid(at, value, prefix + wrong.join(','));
  return wrong.length > 0;
}

function validateNames(mistakes: Mistakes, names: CustomResourceDefinitionNames, at: FieldPath): void {
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
