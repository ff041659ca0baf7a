import type { APIService } from '../../../generated/types/index.ts';
import { nameIsPathSegment, setApiServiceDefaults, validateApiService } from '../../api/index.ts';
import { formatTime } from '../../machinery/time.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resetMetadataForStatus } from '../generic/metadata.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

/** `True`, or `False (ServiceNotFound)`; `Unknown` where nobody has looked. */
function available({ status }: Readonly<APIService>): string {
  const condition = (status?.conditions ?? []).find((one) => one.type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' || !condition.reason ? condition.status : `${condition.status} (${condition.reason})`;
}

/** kube-aggregator/pkg/registry/apiservice: what this server serves itself is available from the start. */
export const apiServiceStrategy = resourceStrategy<APIService>({
  resource: { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService', plural: 'apiservices', categories: ['api-extensions'], namespaced: false },
  conditionalUpdateOnly: true,
  applyDefaults: setApiServiceDefaults,
  statusOnCreate: () => ({}),
  prepareForStatusUpdate: resetMetadataForStatus,
  prepareForCreate(service, { now }) {
    if (service.spec?.service) return;
    const condition = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: formatTime(now),
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    service.status = { conditions: [condition] };
  },
  validateName: nameIsPathSegment,
  metadataChecks: { finalizerDomains: false },
  validate: validateApiService,
  warningsOnCreate: ({ spec }) => (spec?.service ? ['paperkube does not run API aggregation yet: APIService objects are stored but nothing acts on them'] : []),
  columns: [
    nameColumn,
    column('Service', 'Who serves it.', ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local')),
    column('Available', 'Whether it answers.', available),
    ageColumn,
  ],
});

/** The resources of apiregistration.k8s.io/v1. */
export const apiRegistrationStrategies = [apiServiceStrategy] as unknown as readonly Strategy[];
