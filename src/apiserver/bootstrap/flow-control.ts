import type {
  FlowSchema,
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../../generated/types/index.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '../../api/index.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
/** Says that the server keeps the object as it should be. */
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

function queued(nominalConcurrencyShares: number, lendablePercent: number, queues: number, handSize: number): PriorityLevelConfigurationSpec {
  const queuing = { queues, handSize, queueLengthLimit: 50 };
  return { type: 'Limited', limited: { nominalConcurrencyShares, lendablePercent, limitResponse: { type: 'Queue', queuing } } };
}

const levels: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  ...mandatoryPriorityLevels,
  'leader-election': queued(10, 0, 16, 4),
  system: queued(30, 33, 64, 6),
  'node-high': queued(40, 25, 64, 6),
  'workload-high': queued(40, 50, 128, 6),
  'workload-low': queued(100, 90, 128, 6),
  'global-default': queued(20, 50, 128, 6),
};

type Subject = PolicyRulesWithSubjects['subjects'][number];

const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const account = (name: string): Subject => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } });

const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };
const everyPath = { verbs: ['*'], nonResourceURLs: ['*'] };
const anything = (...subjects: Subject[]): PolicyRulesWithSubjects => ({ subjects, resourceRules: [everything], nonResourceRules: [everyPath] });
const leases = { verbs: ['get', 'create', 'update'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] };
const anyone = [group('system:unauthenticated'), group('system:authenticated')];
const endpointControllers = ['endpoint-controller', 'endpointslicemirroring-controller'].map(account);
const objectLocks = { verbs: ['get', 'create', 'update'], apiGroups: [''], resources: ['endpoints', 'configmaps'], namespaces: ['*'] };

function schema(level: string, matchingPrecedence: number, by: 'ByUser' | 'ByNamespace' | undefined, ...rules: PolicyRulesWithSubjects[]): FlowSchemaSpec {
  return { priorityLevelConfiguration: { name: level }, matchingPrecedence, ...(by ? { distinguisherMethod: { type: by } } : {}), rules };
}

const schemas: Readonly<Record<string, FlowSchemaSpec>> = {
  exempt: mandatoryFlowSchemas.exempt,
  probes: schema('exempt', 2, undefined, { subjects: anyone, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] }),
  'system-leader-election': schema('leader-election', 100, 'ByUser', {
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), account('*')],
    resourceRules: [leases],
  }),
  'endpoint-controller': schema('workload-high', 150, 'ByUser', {
    subjects: [user('system:kube-controller-manager'), ...endpointControllers],
    resourceRules: [{ ...objectLocks, resources: ['endpoints'] }],
  }),
  'workload-leader-election': schema('leader-election', 200, 'ByUser', { subjects: [account('*')], resourceRules: [objectLocks, leases] }),
  'system-node-high': schema('node-high', 400, 'ByUser', {
    subjects: [group('system:nodes')],
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
    ],
  }),
  'system-nodes': schema('system', 500, 'ByUser', anything(group('system:nodes'))),
  'kube-controller-manager': schema('workload-high', 800, 'ByNamespace', anything(user('system:kube-controller-manager'))),
  'kube-scheduler': schema('workload-high', 800, 'ByNamespace', anything(user('system:kube-scheduler'))),
  'kube-system-service-accounts': schema('workload-high', 900, 'ByNamespace', anything(account('*'))),
  'service-accounts': schema('workload-low', 9000, 'ByUser', anything(group('system:serviceaccounts'))),
  'global-default': schema('global-default', 9900, 'ByUser', anything(...anyone)),
  'catch-all': mandatoryFlowSchemas['catch-all'],
};

/** The mandatory and the suggested priority levels (pkg/apis/flowcontrol/bootstrap). */
export function priorityLevels(): PriorityLevelConfiguration[] {
  return Object.entries(levels).map(([name, spec]) => ({
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { ...annotations } },
    spec: structuredClone(spec),
  }));
}

/** The mandatory and the suggested flow schemas, each with the status that says its priority level exists. `time` is RFC 3339. */
export function flowSchemas(time: string): FlowSchema[] {
  return Object.entries(schemas).map(([name, spec]) => {
    const message = `This FlowSchema references the PriorityLevelConfiguration object named "${spec.priorityLevelConfiguration.name}" and it exists`;
    const condition = { type: 'Dangling', status: 'False', lastTransitionTime: time, reason: 'Found', message };
    return {
      apiVersion,
      kind: 'FlowSchema',
      metadata: { name, annotations: { ...annotations } },
      spec: structuredClone(spec),
      status: { conditions: [condition] },
    };
  });
}
