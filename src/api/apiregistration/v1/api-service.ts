import type { APIService } from '../../../../generated/types/index.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { isDns1035Label, isDns1123Subdomain, nameIsPathSegment } from '../../meta/names.ts';

const specPath = path('spec');

/** kube-aggregator/pkg/apis/apiregistration/v1 SetDefaults_ServiceReference. */
export function setApiServiceDefaults(service: APIService): void {
  service.spec ??= { groupPriorityMinimum: 0, versionPriority: 0 };
  service.status ??= {};
  if (service.spec.service) service.spec.service.port ??= 443;
}

/** kube-aggregator/pkg/apis/apiregistration/validation ValidateAPIService. */
export function validateApiService({ metadata, spec }: APIService): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec) return;
    const { group = '', version = '' } = spec;
    const name = `${version}.${group}`;
    for (const field of ['generateName', 'name'] as const) {
      const given = metadata?.[field] ?? '';
      if (given && given !== name && nameIsPathSegment(given, false).length === 0)
        mistakes.invalid(path('metadata', field), given, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`);
    }
    if (group === '' && version !== 'v1') mistakes.required(specPath.child('group'), 'only v1 may have an empty group and it better be legacy kube');
    if (group) mistakes.invalid(specPath.child('group'), group, isDns1123Subdomain(group));
    mistakes.invalid(specPath.child('version'), version, isDns1035Label(version));
    const minimum = spec.groupPriorityMinimum ?? 0;
    if (minimum <= 0 || minimum > 20_000) mistakes.invalid(specPath.child('groupPriorityMinimum'), minimum, 'must be positive and less than 20000');
    const priority = spec.versionPriority ?? 0;
    if (priority <= 0 || priority > 1000) mistakes.invalid(specPath.child('versionPriority'), priority, 'must be positive and less than 1000');
    if (!spec.service) {
      if (spec.caBundle)
        mistakes.invalid(specPath.child('caBundle'), `${Buffer.from(spec.caBundle, 'base64').length} bytes`, 'local APIServices may not have a caBundle');
      if (spec.insecureSkipTLSVerify) mistakes.invalid(specPath.child('insecureSkipTLSVerify'), true, 'local APIServices may not have insecureSkipTLSVerify');
      return;
    }
    if (!spec.service.namespace) mistakes.required(specPath.child('service', 'namespace'));
    if (!spec.service.name) mistakes.required(specPath.child('service', 'name'));
    const port = spec.service.port ?? 443;
    if (port < 1 || port > 65_535) mistakes.invalid(specPath.child('service', 'port'), port, 'port is not valid: must be between 1 and 65535, inclusive');
    if (spec.insecureSkipTLSVerify && spec.caBundle) mistakes.invalid(specPath.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present');
  });
}
