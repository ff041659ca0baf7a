import type { IPAddress, ParentReference, ServiceCIDR } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, type GoText, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../../machinery/go-syntax.ts';
import { mistakesOf, validateSegment } from '../../meta/checks.ts';
import { ipFamilyOf, isIp, validateCidr } from '../../meta/ip.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Subdomain, nameIsPathSegment } from '../../meta/names.ts';

/** Who looks after an IPAddress. */
export const managedByLabel = 'ipaddress.kubernetes.io/managed-by';
export const addressAllocatorName = 'ipallocator.k8s.io';

/** Whether an IPAddress stands for an address that the server has given to a Service. */
export function isAllocatedAddress({ metadata }: Readonly<IPAddress>): boolean {
  return metadata?.labels?.[managedByLabel] === addressAllocatorName;
}

/** The name of an IPAddress is the address itself. */
export function nameIsIpAddress(name: string): string[] {
  return isIp(name) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** pkg/apis/networking/validation ValidateIPAddress. */
export function validateIpAddress({ spec }: IPAddress): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('spec', 'parentRef');
    const parent = spec?.parentRef;
    if (!parent) {
      mistakes.required(at);
      return;
    }
    if (parent.group) mistakes.invalid(at.child('group'), parent.group, isDns1123Subdomain(parent.group));
    validateSegment(mistakes, parent.resource, at.child('resource'));
    validateSegment(mistakes, parent.name, at.child('name'));
    if (parent.namespace) mistakes.invalid(at.child('namespace'), parent.namespace, nameIsPathSegment(parent.namespace));
  });
}

function goParent(parent: ParentReference | undefined): GoText | null {
  const { group = '', resource = '', namespace = '', name = '' } = parent ?? {};
  return parent ? goStruct('networking.ParentReference', { Group: group, Resource: resource, Namespace: namespace, Name: name }) : null;
}

export function validateIpAddressUpdate(next: IPAddress, previous: Readonly<IPAddress>): FieldError[] {
  const same = semanticEqual(next.spec?.parentRef, previous.spec?.parentRef);
  return [...validateIpAddress(next), ...mistakesOf((mistakes) => mistakes.immutable(path('spec', 'parentRef'), goParent(next.spec?.parentRef), same))];
}

/** ValidateServiceCIDR: one range, or one per family. */
export function validateServiceCidr({ spec }: ServiceCIDR): FieldError[] {
  return mistakesOf((mistakes) => validateRanges(mistakes, spec?.cidrs ?? [], path('spec', 'cidrs')));
}

function validateRanges(mistakes: Mistakes, cidrs: readonly string[], at: FieldPath): void {
  if (cidrs.length === 0) mistakes.required(at, 'at least one CIDR required');
  else if (cidrs.length > 2) mistakes.invalid(at, goStruct('networking.ServiceCIDRSpec', { CIDRs: goStringList(cidrs) }), 'may only hold up to 2 values');
  else {
    cidrs.forEach((text, i) => {
      validateCidr(mistakes, text, at.index(i));
    });
    const families = new Set(cidrs.map((text) => ipFamilyOf(text.split('/')[0] ?? '')));
    if (families.size < cidrs.length && cidrs.every((text) => text.includes('/') && isIp(text.split('/')[0] ?? '')))
      mistakes.invalid(at, goStringList(cidrs), 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64');
  }
}

/** ValidateServiceCIDRUpdate: ranges stay, but that a range of the other family may come to a single one. */
export function validateServiceCidrUpdate(next: ServiceCIDR, previous: Readonly<ServiceCIDR>): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('spec', 'cidrs');
    const [after, before] = [next.spec?.cidrs ?? [], previous.spec?.cidrs ?? []];
    const becomesDual = before.length === 1 && after.length === 2;
    if (after.length !== before.length && !becomesDual) {
      mistakes.invalid(at, goStringList(next.spec?.cidrs), 'field is immutable');
      return;
    }
    before.forEach((range, i) => {
      mistakes.immutable(at.index(i), after[i], after[i] === range);
    });
    if (becomesDual) validateRanges(mistakes, after, at);
  });
}
