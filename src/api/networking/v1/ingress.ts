import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressSpec,
  TypedLocalObjectReference,
} from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { isWildcardSubdomain, mistakesOf, validateDomainPrefixedPath, validateSegment } from '../../meta/checks.ts';
import { isIp, validateIp } from '../../meta/ip.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1035Label, isDns1123Label, isDns1123Subdomain, isPortName, isPortNumber } from '../../meta/names.ts';

const specPath = path('spec');
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
/** What named the class before there was a field for it. */
const classAnnotation = 'kubernetes.io/ingress.class';

/** The one field of the status that Go always writes. */
export function setIngressDefaults(ingress: Ingress): void {
  ingress.spec ??= {};
  ingress.status ??= {};
  ingress.status.loadBalancer ??= {};
}

/** pkg/apis/networking/validation ValidateIngressSpec. */
export function validateIngressSpec({ spec = {} }: Ingress): FieldError[] {
  return mistakesOf((mistakes) => {
    const rules = spec.rules ?? [];
    if (rules.length === 0 && !spec.defaultBackend)
      mistakes.invalid(specPath, new GoText('[]networking.IngressRule(nil)'), 'either `defaultBackend` or `rules` must be specified');
    if (spec.defaultBackend) validateBackend(mistakes, spec.defaultBackend, specPath.child('defaultBackend'));
    rules.forEach((rule, i) => {
      const at = specPath.child('rules').index(i);
      if (rule.host) validateHost(mistakes, rule.host, at.child('host'), true);
      if (!rule.http) return;
      if ((rule.http.paths ?? []).length === 0) mistakes.required(at.child('http', 'paths'));
      (rule.http.paths ?? []).forEach((one, position) => {
        validatePath(mistakes, one, at.child('http', 'paths').index(position));
      });
    });
    validateTls(mistakes, spec);
    const name = spec.ingressClassName;
    if (name !== undefined) mistakes.invalid(specPath.child('ingressClassName'), name, isDns1123Subdomain(name));
  });
}

/** ValidateIngressCreate. */
export function validateIngress(ingress: Ingress): FieldError[] {
  const [old, name] = [ingress.metadata?.annotations?.[classAnnotation], ingress.spec?.ingressClassName];
  const differ = mistakesOf((mistakes) => {
    if (old !== undefined && name !== undefined && old !== name)
      mistakes.invalid(path('annotations').child(classAnnotation), old, 'must match `ingressClassName` when both are specified');
  });
  return [...validateIngressSpec(ingress), ...differ];
}

function validateHost(mistakes: Mistakes, host: string, at: FieldPath, refuseIp: boolean): void {
  if (refuseIp && isIp(host)) mistakes.invalid(at, host, 'must be a DNS name, not an IP address');
  mistakes.invalid(at, host, host.includes('*') ? isWildcardSubdomain(host) : isDns1123Subdomain(host));
}

function validatePath(mistakes: Mistakes, { path: text = '', pathType, backend }: HTTPIngressPath, at: FieldPath): void {
  const where = at.child('path');
  if (pathType === undefined) {
    mistakes.required(at.child('pathType'), 'pathType must be specified');
    return;
  }
  const absolute = text.startsWith('/');
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!absolute) mistakes.invalid(where, text, 'must be an absolute path');
    for (const sequence of badSequences) if (text.includes(sequence)) mistakes.invalid(where, text, `must not contain '${sequence}'`);
    for (const suffix of badSuffixes) if (text.endsWith(suffix)) mistakes.invalid(where, text, `cannot end with '${suffix}'`);
  } else if (pathType === 'ImplementationSpecific') {
    if (text && !absolute) mistakes.invalid(where, text, 'must be an absolute path');
  } else mistakes.notSupported(at.child('pathType'), pathType, pathTypes);
  validateBackend(mistakes, backend ?? {}, at.child('backend'));
}

function validateBackend(mistakes: Mistakes, { resource, service }: IngressBackend, at: FieldPath): void {
  if (resource && service) mistakes.invalid(at, '', 'cannot set both resource and service backends');
  else if (resource) validateReference(mistakes, resource, at.child('resource'));
  else if (!service) mistakes.invalid(at, '', 'resource or service backend is required');
  else {
    if (!service.name) mistakes.required(at.child('service', 'name'));
    else mistakes.invalid(at.child('service', 'name'), service.name, isDns1035Label(service.name));
    const { name, number } = service.port ?? {};
    if (name && number) mistakes.invalid(at, '', 'cannot set both port name & port number');
    else if (name) mistakes.invalid(at.child('service', 'port', 'name'), name, isPortName(name));
    else if (number) mistakes.invalid(at.child('service', 'port', 'number'), number, isPortNumber(number));
    else mistakes.required(at, 'port name or number is required');
  }
}

function validateReference(mistakes: Mistakes, { apiGroup, kind, name }: TypedLocalObjectReference, at: FieldPath): void {
  // An absent group is null: Go always writes it.
  if (typeof apiGroup === 'string') mistakes.invalid(at.child('apiGroup'), apiGroup, isDns1123Subdomain(apiGroup));
  validateSegment(mistakes, kind, at.child('kind'), 'kind is required');
  validateSegment(mistakes, name, at.child('name'), 'name is required');
}

function validateTls(mistakes: Mistakes, { tls = [] }: IngressSpec): void {
  tls.forEach((one, i) => {
    const at = specPath.child('tls').index(i);
    (one.hosts ?? []).forEach((host, position) => {
      validateHost(mistakes, host, at.child('hosts').index(position), false);
    });
    if (one.secretName) mistakes.invalid(at.child('secretName'), one.secretName, isDns1123Subdomain(one.secretName));
  });
}

/** ValidateIngressStatusUpdate. */
export function validateIngressStatus({ status }: Ingress): FieldError[] {
  return mistakesOf((mistakes) => {
    (status?.loadBalancer?.ingress ?? []).forEach(({ ip, hostname }, i) => {
      const at = path('status', 'loadBalancer', 'ingress').index(i);
      if (ip) validateIp(mistakes, ip, at.child('ip'));
      if (!hostname) return;
      mistakes.invalid(at.child('hostname'), hostname, isDns1123Subdomain(hostname));
      if (isIp(hostname)) mistakes.invalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address');
    });
  });
}

/** pkg/apis/networking/v1 SetDefaults_IngressClass. */
export function setIngressClassDefaults({ spec }: IngressClass): void {
  if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
}

const maxController = 250;

/** ValidateIngressClass. */
export function validateIngressClass({ spec = {} }: IngressClass): FieldError[] {
  return mistakesOf((mistakes) => {
    if ((spec.controller ?? '').length > maxController) mistakes.tooLong(specPath.child('controller'), maxController);
    validateDomainPrefixedPath(mistakes, spec.controller, specPath.child('controller'));
    if (spec.parameters) validateParameters(mistakes, spec.parameters, specPath.child('parameters'));
  });
}

function validateParameters(mistakes: Mistakes, parameters: IngressClassParametersReference, at: FieldPath): void {
  validateReference(mistakes, parameters, at);
  const { scope, namespace } = parameters;
  if (scope === undefined) mistakes.required(at.child('scope'));
  else if (scope === 'Namespace') {
    if (namespace === undefined) mistakes.required(at.child('namespace'), "`parameters.scope` is set to 'Namespace'");
    else mistakes.invalid(at.child('namespace'), namespace, isDns1123Label(namespace));
  } else if (scope === 'Cluster') {
    if (namespace !== undefined) mistakes.forbidden(at.child('namespace'), "`parameters.scope` is set to 'Cluster'");
  } else mistakes.notSupported(at.child('scope'), scope, ['Cluster', 'Namespace']);
}

export function validateIngressClassUpdate(next: IngressClass, previous: Readonly<IngressClass>): FieldError[] {
  const [after, before] = [next.spec?.controller, previous.spec?.controller];
  return [...mistakesOf((mistakes) => mistakes.immutable(specPath.child('controller'), after ?? '', after === before)), ...validateIngressClass(next)];
}
