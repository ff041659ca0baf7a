import type { Endpoint, EndpointSlice } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { supportedProtocols } from '../../core/v1/containers-validation.ts';
import { isIpv6, parseIpv4, validateNonSpecialIp } from '../../meta/ip.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, nameIsSubdomain } from '../../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const [maxEndpoints, maxAddresses, maxPorts] = [1000, 100, 20_000];

/** pkg/apis/discovery/validation ValidateEndpointSlice. */
export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, slice.metadata, true, nameIsSubdomain);
  mistakes.oneOf(path('addressType'), slice.addressType, addressTypes);
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > maxEndpoints) mistakes.tooMany(path('endpoints'), endpoints.length, maxEndpoints);
  else
    endpoints.forEach((endpoint, i) => {
      validateEndpoint(mistakes, endpoint, slice.addressType, path('endpoints').index(i));
    });
  validatePorts(mistakes, slice, path('ports'));
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
    if (type === 'IPv4' && parseIpv4(address) === undefined) mistakes.invalid(one, address, 'must be an IPv4 address');
    else if (type === 'IPv6' && !isIpv6(address)) mistakes.invalid(one, address, 'must be an IPv6 address');
    else if (type === 'IPv4' || type === 'IPv6') validateNonSpecialIp(mistakes, address, one);
  });
  if (endpoint.nodeName !== undefined) mistakes.invalid(at.child('nodeName'), endpoint.nodeName, isDns1123Subdomain(endpoint.nodeName));
  const topology = Object.keys(endpoint.deprecatedTopology ?? {});
  if (topology.length > 16) mistakes.tooMany(at.child('deprecatedTopology'), topology.length, 16);
  if (endpoint.hostname !== undefined) mistakes.invalid(at.child('hostname'), endpoint.hostname, isDns1123Label(endpoint.hostname));
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
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  mistakes.add(validateEndpointSlice(next));
  mistakes.immutable(path('addressType'), next.addressType, next.addressType === previous.addressType);
  return mistakes.list;
}
