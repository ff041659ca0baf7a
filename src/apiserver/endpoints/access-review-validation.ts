import { isLabelValue, isQualifiedName } from '../../api/index.ts';
import type { FieldError, GoText } from '../../machinery/field-error.ts';
import { forbiddenField, invalidValue, required } from '../../machinery/field-error.ts';
import { goStruct } from '../../machinery/go-syntax.ts';
import type { AnyObject } from '../../machinery/types.ts';

/** What a review of somebody's rights asks about. */
export interface AccessSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ResourceAttributes
  extends Readonly<Partial<Record<'namespace' | 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'name', string>>> {
  readonly fieldSelector?: SelectorAttributes;
  readonly labelSelector?: SelectorAttributes;
}

export interface SelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly SelectorRequirement[];
}

export interface SelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

export const accessSpec = (review: AnyObject): AccessSpec => (review.spec ?? {}) as AccessSpec;

/** All that is wrong with a SubjectAccessReview or one of its relatives (pkg/apis/authorization/validation). */
export function accessMistakes(review: AnyObject): FieldError[] {
  const { resourceAttributes, nonResourceAttributes, user, groups } = accessSpec(review);
  const mistakes: FieldError[] = [];
  const local = review.kind === 'LocalSubjectAccessReview';
  if (resourceAttributes && nonResourceAttributes) {
    mistakes.push(invalidValue('spec.nonResourceAttributes', shownPath(nonResourceAttributes), 'cannot be specified in combination with resourceAttributes'));
  } else if (!resourceAttributes && !nonResourceAttributes) {
    mistakes.push(invalidValue('spec.resourceAttributes', 'null', 'exactly one of nonResourceAttributes or resourceAttributes must be specified'));
  }
  if (review.kind !== 'SelfSubjectAccessReview' && !user && !groups?.length) {
    mistakes.push(invalidValue('spec.user', '', 'at least one of user or group must be specified'));
  }
  mistakes.push(...selectorMistakes('spec.resourceAttributes.fieldSelector', resourceAttributes?.fieldSelector, fieldRequirementMistakes));
  mistakes.push(...selectorMistakes('spec.resourceAttributes.labelSelector', resourceAttributes?.labelSelector, labelRequirementMistakes));
  mistakes.push(...metadataMistakes(review, local));
  if (local && resourceAttributes && (resourceAttributes.namespace ?? '') !== review.metadata?.namespace) {
    mistakes.push(invalidValue('spec.resourceAttributes.namespace', resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  }
  if (local && nonResourceAttributes) {
    mistakes.push(invalidValue('spec.nonResourceAttributes', shownPath(nonResourceAttributes), 'disallowed on this kind of request'));
  }
  return mistakes;
}

const shownPath = ({ path = '', verb = '' }: NonNullable<AccessSpec['nonResourceAttributes']>): GoText =>
  goStruct('authorization.NonResourceAttributes', { Path: path, Verb: verb });

/** Differs from upstream: the metadata is shown as JSON, not as Go's memory with its addresses. */
function metadataMistakes({ metadata }: AnyObject, local: boolean): FieldError[] {
  const { creationTimestamp: _, managedFields: __, namespace, ...rest } = (metadata ?? {}) as Record<string, unknown>;
  const shown = local || namespace === undefined ? rest : { namespace, ...rest };
  if (Object.keys(shown).length === 0) return [];
  return [invalidValue('metadata', shown, local ? 'must be empty except for namespace' : 'must be empty')];
}

function selectorMistakes(at: string, selector: SelectorAttributes | undefined, ofOne: (one: SelectorRequirement, at: string) => FieldError[]): FieldError[] {
  if (!selector) return [];
  const { rawSelector = '', requirements = [] } = selector;
  const mistakes = requirements.flatMap((one, index) => ofOne(one, `${at}.requirements[${index}]`));
  if (rawSelector && requirements.length > 0) {
    mistakes.unshift(invalidValue(`${at}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'));
  }
  if (!rawSelector && requirements.length === 0) {
    mistakes.unshift(required(`${at}.requirements`, `when ${at} is specified, requirements or rawSelector is required`));
  }
  return mistakes;
}

function fieldRequirementMistakes(one: SelectorRequirement, at: string): FieldError[] {
  return [...(one.key ? [] : [required(`${at}.key`, 'must be specified')]), ...valuesMistakes(one, at)];
}

function labelRequirementMistakes(one: SelectorRequirement, at: string): FieldError[] {
  const { key = '', values = [] } = one;
  return [
    ...valuesMistakes(one, at),
    ...isQualifiedName(key).map((why) => invalidValue(`${at}.key`, key, why)),
    ...values.flatMap((value, index) => isLabelValue(value).map((why) => invalidValue(`${at}.values[${index}]`, value, why))),
  ];
}

/** Operators that this version does not know are left for the authorizer to ignore. */
function valuesMistakes({ operator, values = [] }: SelectorRequirement, at: string): FieldError[] {
  const some = operator === 'In' || operator === 'NotIn';
  if (some && values.length === 0) return [required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
  const none = operator === 'Exists' || operator === 'DoesNotExist';
  return none && values.length > 0 ? [forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")] : [];
}
