import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { parseCidr, validateCidr } from '../../meta/ip.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isPortName, isPortNumber } from '../../meta/names.ts';

/** pkg/apis/networking/v1 SetDefaults_NetworkPolicy. */
export function setNetworkPolicyDefaults(policy: NetworkPolicy): void {
  const spec = (policy.spec ??= { podSelector: {} });
  spec.podSelector ??= {};
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  if ((spec.policyTypes ?? []).length === 0) spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

const specPath = path('spec');

/** pkg/apis/networking/validation ValidateNetworkPolicySpec. */
export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec) return;
    validateLabelSelector(mistakes, spec.podSelector, specPath.child('podSelector'));
    (spec.ingress ?? []).forEach((rule, i) => {
      validateRule(mistakes, rule.ports, rule.from, 'from', specPath.child('ingress').index(i));
    });
    (spec.egress ?? []).forEach((rule, i) => {
      validateRule(mistakes, rule.ports, rule.to, 'to', specPath.child('egress').index(i));
    });
    validateTypes(mistakes, spec);
  });
}

function validateTypes(mistakes: Mistakes, { policyTypes: types = [] }: NetworkPolicySpec): void {
  const at = specPath.child('policyTypes');
  if (types.length > 2) {
    mistakes.invalid(at, goStringList(types, '[]networking.PolicyType'), 'may not specify more than two policyTypes');
    return;
  }
  types.forEach((type, i) => {
    if (!['Ingress', 'Egress'].includes(type)) mistakes.notSupported(at.index(i), type, ['Ingress', 'Egress']);
  });
}

function validateRule(
  mistakes: Mistakes,
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  field: 'from' | 'to',
  at: FieldPath,
): void {
  ports.forEach((port, i) => {
    validatePort(mistakes, port, at.child('ports').index(i));
  });
  peers.forEach((peer, i) => {
    validatePeer(mistakes, peer, at.child(field).index(i));
  });
}

function validatePort(mistakes: Mistakes, { protocol, port, endPort }: NetworkPolicyPort, at: FieldPath): void {
  const protocols = ['TCP', 'UDP', 'SCTP'];
  if (protocol !== undefined && !protocols.includes(protocol)) mistakes.notSupported(at.child('protocol'), protocol, protocols);
  if (port === undefined) {
    if (endPort !== undefined) mistakes.invalid(at.child('endPort'), endPort, 'may not be specified when `port` is not specified');
  } else if (typeof port === 'number') {
    mistakes.invalid(at.child('port'), port, isPortNumber(port));
    if (endPort === undefined) return;
    // Upstream shows the port.
    if (endPort < port) mistakes.invalid(at.child('endPort'), port, 'must be greater than or equal to `port`');
    mistakes.invalid(at.child('endPort'), endPort, isPortNumber(endPort));
  } else {
    if (endPort !== undefined) mistakes.invalid(at.child('endPort'), endPort, 'may not be specified when `port` is non-numeric');
    mistakes.invalid(at.child('port'), port, isPortName(port));
  }
}

function validatePeer(mistakes: Mistakes, { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, at: FieldPath): void {
  validateLabelSelector(mistakes, podSelector, at.child('podSelector'));
  validateLabelSelector(mistakes, namespaceSelector, at.child('namespaceSelector'));
  if (ipBlock) validateBlock(mistakes, ipBlock, at.child('ipBlock'));
  const count = [podSelector, namespaceSelector, ipBlock].filter(Boolean).length;
  if (count === 0) mistakes.required(at, 'must specify a peer');
  else if (count > 1 && ipBlock) mistakes.forbidden(at, 'may not specify both ipBlock and another peer');
}

function validateBlock(mistakes: Mistakes, { cidr, except = [] }: IPBlock, at: FieldPath): void {
  if (!cidr) {
    mistakes.required(at.child('cidr'));
    return;
  }
  const before = mistakes.list.length;
  validateCidr(mistakes, cidr, at.child('cidr'));
  if (mistakes.list.length > before) return;
  const whole = parseCidr(cidr);
  except.forEach((text, i) => {
    const one = at.child('except').index(i);
    validateCidr(mistakes, text, one);
    const part = parseCidr(text);
    // Differs from upstream: whether one IPv6 range is inside another is not checked.
    if (!whole || !part) return;
    const inside = part.base >= whole.base && part.base < whole.base + whole.size;
    if (!inside || part.size >= whole.size) mistakes.invalid(one, text, 'must be a strict subset of `cidr`');
  });
}
