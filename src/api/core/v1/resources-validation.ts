import type { ResourceRequirements } from '../../../../generated/types/index.ts';
import { type FieldPath, GoText } from '../../../machinery/field-error.ts';
import { goQuantity } from '../../../machinery/go-syntax.ts';
import { canonicalQuantity, compareQuantities, formatQuantity, parseQuantity } from '../../../machinery/quantity.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isQualifiedName } from '../../meta/names.ts';

export const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** pkg/apis/core/helper IsStandardResourceName, the ones without a domain. */
const standardResources = new Set([
  ...containerResources,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);
/** Resources that come in whole pieces, beside extended ones. */
export const integerResources = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
export const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

/** `example.com/gpu`: a resource outside kubernetes.io (pkg/apis/core/helper IsExtendedResourceName). */
export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}

const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

/** The name of a resource has a type of its own in Go, whose values are printed without quotes. */
export const goName = (name: string): GoText => new GoText(name);

/** pkg/apis/core/validation ValidateResourceName: false when the name is wrong. `shown` is how a name that is none is printed. */
export function validateResourceName(mistakes: Mistakes, name: string, at: FieldPath, shown: unknown = goName(name)): boolean {
  const wrong = isQualifiedName(name);
  mistakes.invalid(at, shown, wrong);
  if (wrong.length > 0) return false;
  if (name.includes('/') || standardResources.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')) return true;
  mistakes.invalid(at, goName(name), 'must be a standard resource type or fully qualified');
  return false;
}

/** A resource that a container may ask for. */
export function validateContainerResourceName(mistakes: Mistakes, name: string, at: FieldPath, shown: unknown = goName(name)): void {
  validateResourceName(mistakes, name, at, shown);
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name)) mistakes.invalid(at, goName(name), 'must be a standard resource for containers');
  } else if (!isNative(name) && !isExtendedResource(name)) mistakes.invalid(at, goName(name), "doesn't follow extended resource name standard");
}

/** pkg/apis/core/validation ValidateResourceQuantityValue. */
export function validateQuantity(mistakes: Mistakes, name: string, text: string, at: FieldPath): void {
  const amount = parseQuantity(text);
  if (!amount) return;
  if (amount.nano < 0n) mistakes.invalid(at, formatQuantity(amount), 'must be greater than or equal to 0');
  if ((integerResources.has(name) || isExtendedResource(name)) && amount.nano % 1_000_000_000n !== 0n)
    mistakes.invalid(at, goQuantity(formatQuantity(amount), false), 'must be an integer');
}

/** A container's `resources` (ValidateContainerResourceRequirements). `claims` are the names of the pod's resource claims. */
export function validateContainerResources(mistakes: Mistakes, resources: ResourceRequirements | undefined, claims: ReadonlySet<string>, at: FieldPath): void {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  for (const [name, text] of sorted(limits)) validateAmount(mistakes, name, text, at.child('limits').key(name));
  for (const [name, text] of sorted(requests)) {
    validateAmount(mistakes, name, text, at.child('requests').key(name));
    const limit = limits[name];
    const shown = canonicalQuantity(text);
    if (limit === undefined) {
      if (!mayOvercommit(name)) mistakes.required(at.child('limits'), 'Limit must be set for non overcommitable resources');
    } else if (compareQuantities(text, limit) !== 0 && !mayOvercommit(name))
      mistakes.invalid(at.child('requests'), shown, `must be equal to ${name} limit of ${limit}`);
    else if (compareQuantities(text, limit) > 0) mistakes.invalid(at.child('requests'), shown, `must be less than or equal to ${name} limit of ${limit}`);
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) mistakes.forbidden(at, 'HugePages require cpu or memory');
  validateClaims(mistakes, resources?.claims ?? [], claims, at.child('claims'));
}

function validateAmount(mistakes: Mistakes, name: string, text: string, at: FieldPath): void {
  validateContainerResourceName(mistakes, name, at);
  validateQuantity(mistakes, name, text, at);
  if (!isHugePages(name)) return;
  const page = parseQuantity(name.slice('hugepages-'.length));
  const amount = parseQuantity(text);
  if (!page || !amount || page.nano <= 0n || amount.nano % page.nano !== 0n) mistakes.invalid(at, text, `${text} is not positive integer multiple of ${name}`);
}

function validateClaims(mistakes: Mistakes, claims: NonNullable<ResourceRequirements['claims']>, known: ReadonlySet<string>, at: FieldPath): void {
  const seen = new Set<string>();
  claims.forEach(({ name, request }, i) => {
    if (!name) {
      mistakes.required(at.index(i));
      return;
    }
    const key = request ? `${name}/${request}` : name;
    if (request) mistakes.invalid(at.index(i).child('request'), request, isDns1123Label(request));
    if (seen.has(name) || seen.has(key)) mistakes.duplicate(at.index(i), seen.has(name) ? name : key);
    seen.add(key);
    if (known.has(name)) return;
    const which = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    mistakes.notFound(at.index(i), name, `must be one of the names in pod.spec.resourceClaims${which}`);
  });
}

function sorted(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
