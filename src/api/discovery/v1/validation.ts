import type { Endpoint, EndpointSlice } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { supportedProtocols } from '../../core/v1/containers-validation.ts';
import { validateIp } from '../../meta/ip.ts';
import { readIp } from '../../meta/ip-form.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../../meta/names.ts';
import { validateNonSpecialIp } from '../../meta/special-ip.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const [maxEndpoints, maxAddresses, maxPorts, maxZones] = [1000, 100, 20_000, 8];

/** What is wrong with a slice, beside its metadata (pkg/apis/discovery/validation ValidateEndpointSlice). */
export function validateEndpointSlice(slice: EndpointSlice, previous?: Readonly<EndpointSlice>): FieldError[] {
  const mistakes = new Mistakes();
  mistakes.oneOf(path('addressType'), slice.addressType, addressTypes);
  validatePorts(mistakes, slice, path('ports'));
  const endpoints = slice.endpoints ?? [];
  // What an older version has let in stays.
  if (previous && semanticEqual(slice.endpoints, previous.endpoints)) return mistakes.list;
  if (endpoints.length > maxEndpoints) mistakes.tooMany(path('endpoints'), endpoints.length, maxEndpoints);
  else
    endpoints.forEach((endpoint, i) => {
      validateEndpoint(mistakes, endpoint, slice.addressType, path('endpoints').index(i));
    });
  return mistakes.list;
}

function validateEndpoint(mistakes: Mistakes, endpoint: Endpoint, type: string, at: FieldPath): void {
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) mistakes.required(at.child('addresses'), 'must contain at least 1 address');
  else if (addresses.length > maxAddresses) mistakes.tooMany(at.child('addresses'), addresses.length, maxAddresses);
  addresses.forEach((address, i) => {
    const one = at.child('addresses').index(i);
    if (type === 'FQDN') {
      mistakes.invalid(one, address, fullyQualified(address));
      return;
    }
    if (type === 'IPv4' || type === 'IPv6') validateAddress(mistakes, address, type, at.child('addresses'), one);
  });
  if (endpoint.nodeName !== undefined) mistakes.invalid(at.child('nodeName'), endpoint.nodeName, isDns1123Subdomain(endpoint.nodeName));
  if (endpoint.hostname !== undefined) mistakes.invalid(at.child('hostname'), endpoint.hostname, isDns1123Label(endpoint.hostname));
  validateZones(mistakes, endpoint.hints?.forZones ?? [], at.child('hints').child('forZones'));
}

function validateZones(mistakes: Mistakes, zones: readonly { readonly name: string }[], at: FieldPath): void {
  if (zones.length > maxZones) {
    mistakes.tooMany(at, zones.length, maxZones);
    return;
  }
  const names = new Set<string>();
  zones.forEach(({ name }, i) => {
    const one = at.index(i).child('name');
    if (names.has(name)) mistakes.duplicate(one, name);
    names.add(name);
    mistakes.invalid(one, name, isLabelValue(name));
  });
}

/** IPv4 is read as ever, IPv6 must be written as it should be; that it is one of the other kind is told of the whole list. */
function validateAddress(mistakes: Mistakes, address: string, type: 'IPv4' | 'IPv6', list: FieldPath, at: FieldPath): void {
  const form = readIp(address);
  if (!form) {
    validateIp(mistakes, address, at);
    return;
  }
  if (type === 'IPv6') {
    const wrong = form.isPadded
      ? 'must not have leading 0s'
      : form.isMapped
        ? 'must not be an IPv4-mapped IPv6 address'
        : form.text === address
          ? undefined
          : `must be in canonical form (${JSON.stringify(form.text)})`;
    if (wrong !== undefined) {
      mistakes.invalid(at, address, wrong);
      return;
    }
  }
  if ((form.bits.length === 32) !== (type === 'IPv4')) mistakes.invalid(list, address, `must be an ${type} address`);
  validateNonSpecialIp(mistakes, address, at);
}

function fullyQualified(name: string): string[] {
  const bare = name.replace(/\.$/, '');
  const wrong = isDns1123Subdomain(bare);
  if (wrong.length > 0) return [wrong.join(',')];
  return bare.includes('.') ? [] : ['should be a domain with at least two segments separated by dots'];
}

function validatePorts(mistakes: Mistakes, slice: EndpointSlice, at: FieldPath): void {
  const ports = slice.ports ?? [];
  if (ports.length > maxPorts) {
    mistakes.tooMany(at, ports.length, maxPorts);
    return;
  }
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const one = at.index(i);
    const name = port.name ?? '';
    if (name) mistakes.invalid(one.child('name'), name, isDns1123Label(name));
    if (names.has(name)) mistakes.duplicate(one.child('name'), name);
    names.add(name);
    mistakes.oneOf(one.child('protocol'), port.protocol, supportedProtocols);
    if (port.appProtocol !== undefined) mistakes.invalid(one.child('appProtocol'), port.appProtocol, isQualifiedName(port.appProtocol));
  });
}

export function validateEndpointSliceUpdate(next: EndpointSlice, previous: Readonly<EndpointSlice>): FieldError[] {
  const mistakes = new Mistakes();
  mistakes.add(validateEndpointSlice(next, previous));
  mistakes.immutable(path('addressType'), next.addressType, next.addressType === previous.addressType);
  return mistakes.list;
}
