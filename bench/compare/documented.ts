import type { CompareAnswer, CompareRequest } from './case.ts';
import { inWordsOf, isText } from './wordings.ts';

/** One place at which two answers are not the same. */
export interface Place {
  readonly request: CompareRequest;
  /** The path below the body, without `.body`; `.status` is the code of the answer. */
  readonly at: string;
  /** As compared: without what nobody can agree on. */
  readonly ours: unknown;
  readonly theirs: unknown;
  /** The answers whole. */
  readonly answers: { readonly ours: CompareAnswer; readonly theirs: CompareAnswer };
  /** The other server's minor version; 0 if unknown. */
  readonly theirMinor: number;
}

export interface Documented {
  readonly about: (place: Place) => boolean;
  readonly because: string;
  /** Counts only against servers older than this minor version. */
  readonly before?: number;
}

const field = (pattern: RegExp, before: number, because: string): Documented => ({ about: ({ at }) => pattern.test(at), because, before });

/** Requests of this sort that one server answers with this code and the other with that. */
const outcome =
  (sort: (request: CompareRequest) => boolean, ours: number | RegExp, theirs: number | RegExp): Documented['about'] =>
  ({ request, answers }) =>
    sort(request) && matches(answers.ours.status, ours) && matches(answers.theirs.status, theirs);

const matches = (status: number, wanted: number | RegExp): boolean => (typeof wanted === 'number' ? status === wanted : wanted.test(String(status)));

/** Whether a request's path ends in this plural, or in a name or a subresource below it. */
const to = (plural: string) => {
  const pattern = new RegExp(`/(${plural})(/[^/]+){0,2}$`);
  return ({ path }: CompareRequest): boolean => pattern.test(path.split('?')[0] as string);
};
const isWrite = ({ method }: CompareRequest): boolean => method !== 'GET';
const isPatch = (type: string, says: RegExp) => (request: CompareRequest) =>
  request.method === 'PATCH' && request.contentType?.includes(type) === true && says.test(JSON.stringify(request.body ?? null));

/** What an older server did not do yet, by the minor version that brought it. */
const olderServers: readonly Documented[] = [
  {
    about: ({ at, ours, theirs }) =>
      at.includes('.fieldsV1') && ((isLeaf(ours) && theirs !== undefined && !isLeaf(theirs)) || (ours === undefined && isPartOfAtom(theirs))),
    because: 'structs and maps of which nobody owns a part (selectors, references, resources of a node) were marked so',
    before: 22,
  },
  {
    about: ({ at, ours, theirs }) => /\.managedFields\[[^\]]*\]$/.test(at) && ours === undefined && isPartOfAtom((theirs as { fieldsV1?: unknown }).fieldsV1),
    because: 'and so who owned the last part of one is an owner no more',
    before: 22,
  },
  {
    about: ({ at, answers }) => at.includes('.managedFields[') && JSON.stringify(answers.ours.body).includes('"subresource":'),
    because: 'owners are told apart by the subresource that they write through',
    before: 22,
  },
  {
    about: ({ at, ours }) => /\.managedFields\[[^\]]* Apply \]\.time$/.test(at) && ours === undefined,
    because: 'an apply that changes nothing has no time',
    before: 25,
  },
  {
    about: ({ request, at }) => request.path.includes('resourceVersion=0') && at === '.items[order]',
    because: 'a list from the cache is in order',
    before: 32,
  },
  { about: ({ request }) => request.path.includes('fieldValidation='), because: 'fields are validated by the server', before: 25 },
  field(/\.resources\[.*\]\.singularName$/, 27, 'discovery names the singular'),
  {
    about: ({ request, at }) => isDiscovery(request.path) && at.startsWith('.resources['),
    because: 'resources, verbs and versions that have come since',
    before: 33,
  },
  {
    about: ({ request, at, theirs }) => to('pods')(request) && /^\.status(\.qosClass)?$/.test(at) && isLeaf(theirs ?? {}),
    because: 'the quality of service of a pod stays, whatever is written to its status',
    before: 32,
  },
  { about: ({ request, at }) => to('pods')(request) && at.endsWith('metadata.generation'), because: 'pods count their generation', before: 33 },
  {
    about: ({ request, at }) => to('jobs|cronjobs|podtemplates')(request) && at.endsWith('metadata.generation'),
    because: 'jobs and templates of pods count theirs',
    before: 23,
  },
  field(/allocateLoadBalancerNodePorts/, 22, 'services say whether they want ports of nodes'),
  {
    about: ({ request, at }) => to('services')(request) && request.path.includes('dryRun=') && /^\.spec\.clusterIPs?$/.test(at),
    because: 'a service that is not kept is shown the address that it might have had',
    before: 23,
  },
  field(/internalTrafficPolicy/, 22, 'services say how they are reached from inside'),
  field(/persistentVolumeClaimRetentionPolicy/, 27, 'stateful sets say what becomes of their claims'),
  field(/batch\.kubernetes\.io\/|matchLabels\.controller-uid/, 27, 'labels of jobs have a prefix'),
  field(/(\.|f:)(podReplacementPolicy|completionMode|suspend)$/, 30, 'jobs say more of their defaults'),
  field(/lastPhaseTransitionTime/, 31, 'volumes say since when they are in their phase'),
  { about: ({ request, at }) => to('events')(request) && at.endsWith('cells.Count'), because: 'a series counts all of its events', before: 23 },
  field(/\.availableReplicas$/, 23, 'stateful sets count the pods that are available'),
  {
    about: outcome((request) => request.path.includes('/events.k8s.io/') && ['PUT', 'PATCH'].includes(request.method), 422, 200),
    because: 'events do not change but for their series: they were held against themselves',
    before: 25,
  },
  {
    about: ({ request, at }) => to('statefulsets')(request) && /^\.(message|details\.causes)/.test(at),
    because: 'names of stateful sets are labels',
    before: 27,
  },
  field(/seLinuxMount/, 27, 'drivers say whether they mount with SELinux labels'),
  field(/\.conditions\.(serving|terminating)$/, 22, 'endpoints say whether they serve and end'),
  field(/\.endPort$|\.f:endPort$/, 22, 'policies may name ranges of ports'),
  field(/\.parameters\.(scope|namespace)$|\.f:parameters$/, 22, 'parameters of ingress classes have a scope'),
  field(/(columnDefinitions\[|cells\.)VolumeAttributesClass/, 29, 'tables of volumes and claims show their class of attributes'),
  field(/(columnDefinitions\[|cells\.)PreemptionPolicy/, 32, 'tables of priority classes show whether they drive out others'),
  {
    about: ({ request, at }) => to('jobs')(request) && /(columnDefinitions\[|cells\.)Status/.test(at),
    because: 'tables of jobs show how far they are',
    before: 30,
  },
  field(/(columnDefinitions\[|cells\.)Timezone/, 30, 'tables of cron jobs show whose clock they follow'),
  field(/columnDefinitions\[Restarts\]\.type$|cells\.Restarts$/, 23, 'the restarts of a pod are a text, since they tell when the last one was'),
  { about: ({ request, at }) => to('resourcequotas')(request) && /columnDefinitions\[order\]$/.test(at), because: 'ages come last', before: 33 },
  {
    about: outcome((request) => isWrite(request) && to('services')(request), /^20/, 422),
    because: 'a service may leave out addresses that it has, and mix protocols behind a load balancer',
    before: 24,
  },
  {
    about: ({ request, answers }) =>
      request.method === 'DELETE' &&
      to('services')(request) &&
      JSON.stringify(answers.theirs.body).includes('"status":"Success"') &&
      answers.ours.status === 200,
    because: 'DELETE answers with the service',
    before: 23,
  },
  {
    about: ({ request, at }) => request.method === 'PUT' && to('csidrivers')(request) && /^\.(message|details\.causes)/.test(at),
    because: 'drivers may change more of themselves',
    before: 30,
  },
  {
    about: ({ request, at }) => request.method === 'PUT' && to('jobs')(request) && /^\.(message|details\.causes)/.test(at),
    because: 'indexed jobs may change their completions',
    before: 27,
  },
  { about: outcome(isPatch('strategic', /\$patch|\$deleteFromPrimitiveList/), 200, 422), because: 'directives of patches are never stored', before: 28 },
  { about: outcome(isPatch('json-patch', /"op":"replace","path":""/), 400, 422), because: 'a JSON patch may replace the whole object', before: 23 },
  { about: outcome(isPatch('merge-patch', /^"\{|^null|^\[\]/), 400, /^(422|500)$/), because: 'merge patches that are none are bad requests', before: 23 },
  { about: outcome(isPatch('apply-patch', /./), 400, 500), because: 'an apply says first that its object is of another kind', before: 28 },
  {
    about: ({ request }) => request.path.includes('watch=1&resourceVersionMatch'),
    because: 'a watch may say which version it begins with',
    before: 27,
  },
];

const isDiscovery = (path: string): boolean => /^\/apis?(\/[^/]+){1,2}$/.test(path);

const isLeaf = (set: unknown): boolean => typeof set === 'object' && set !== null && Object.keys(set).length === 0;

/** Structs that are owned as a whole now. */
const atoms = /^f:(involvedObject|regarding|scaleTargetRef)$/;

/** Whether a set of fields holds parts of such structs and nothing else. */
function isPartOfAtom(set: unknown): boolean {
  if (typeof set !== 'object' || set === null) return false;
  const entries = Object.entries(set);
  return entries.length > 0 && entries.every(([key, below]) => atoms.test(key) || key === 'f:namespace' || isPartOfAtom(below));
}

/** What differs by intention, with why: known before anybody looks. */
export const documented: readonly Documented[] = [
  { about: ({ answers }) => answers.theirs.status === 0, because: 'the other server cut the connection: it did not survive the request' },
  {
    about: ({ request, at }) => request.path === '/version' && /^\.[a-zA-Z]+$/.test(at) && !/^\.(status|message|kind)$/.test(at),
    because: 'the version says that this is paperkube',
  },
  { about: ({ request, at }) => request.path === '/apis' && at.startsWith('.groups'), because: 'servers have extensions, and groups that are switched on' },
  { about: ({ at }) => at.includes('.projected.sources') || /kube-api-access-/.test(at), because: 'volumes of tokens have random names' },
  { about: ({ at }) => /\.columnDefinitions\[.*\]\.description$/.test(at), because: 'columns are described in words of our own' },
  { about: ({ request, at }) => to('services')(request) && /cells\.(Cluster-IP|CLUSTER-IP)$/.test(at), because: 'addresses are drawn from a pool' },
  {
    about: ({ request, at, answers }) =>
      to('apiservices|customresourcedefinitions')(request) && (/(^|\.object)\.status(\.|$)|\.f:status$|cells\.Available$/.test(at) || isFinalized(answers)),
    because: 'other servers are not asked and custom resources not served yet, so nothing is said of them, and nothing waits for their end',
  },
  {
    about: ({ request, at }) => to('certificatesigningrequests')(request) && /\.spec\.(username|uid|groups|extra)$|cells\.Requestor$/.test(at),
    because: 'each server has its own name for whoever asks',
  },
  { about: ({ request, at }) => to('ipaddresses')(request) && at.endsWith('cells.2'), because: 'rows of addresses have a cell too many, without a column' },
  {
    about: ({ at, ours, theirs }) => /cells\.(Age|Duration|Last Seen|First Seen|Created At)$/.test(at) && isText(ours) && isText(theirs),
    because: 'ages are those of a moment',
  },
  { about: ({ at }) => at.endsWith('.managedFields[order]'), because: 'owners come in the order of their times, to the second' },
  {
    about: ({ request, at }) => to('daemonsets')(request) && at.endsWith('.metadata.annotations.deprecated.daemonset.template.generation'),
    because: 'metadata alone is that of the version asked for, with what it writes into annotations',
  },
  {
    about: ({ request, at, answers }) =>
      isWrite(request) && at.startsWith('.details.causes') && answers.ours.status === 422 && answers.theirs.status === 422 && sameCauses(answers),
    because: 'a mistake is told as often as upstream has functions that look for it',
  },
  {
    about: ({ ours, theirs, theirMinor }) => isText(ours) && isText(theirs) && inWordsOf(theirMinor, ours) === inWordsOf(theirMinor, theirs),
    because: 'messages that say the same in the words of their versions and libraries',
  },
  {
    about: ({ answers }) => /\[\d+\]\.(expression|messageExpression|valueExpression|rule): Invalid value/.test(JSON.stringify(answers.theirs.body)),
    because: 'expressions are not compiled',
  },
  {
    about: ({ request, answers }) =>
      to('customresourcedefinitions')(request) && /\.default\S*: (Invalid|Required|Unsupported) value/.test(JSON.stringify(answers.theirs.body)),
    because: 'default values are not held against their schemas',
  },
  {
    about: ({ answers }) => String((answers.theirs.body as { message?: unknown } | null)?.message).split('field.Path{').length > 2,
    because: 'what is told twice is told apart by where in memory it lies',
  },
  {
    about: ({ ours, theirs }) => isText(ours) && isText(theirs) && sortedParts(ours) === sortedParts(theirs),
    because: 'Go walks through maps in no order',
  },
  ...olderServers,
];

/** A message whose mistakes, separated by commas or lines, are in order. */
const sortedParts = (message: string): string =>
  message
    .replace(/^(.*?is invalid: )\[(.*)\]$/s, '$1$2')
    .split(/(?:,|\n) +(?=[^\s:]+: )|(?<=invalid): (?=\w)|errors:\n +/)
    .sort()
    .join('\n');

/** The end of an object that is held by a finalizer of the server's own. */
function isFinalized({ ours, theirs }: Place['answers']): boolean {
  return [ours, theirs].some(({ body }) => JSON.stringify(body).includes('customresourcecleanup.apiextensions.k8s.io'));
}

/** Whether both tell the same mistakes, each at least once. */
function sameCauses({ ours, theirs }: Place['answers']): boolean {
  const [left, right] = [ours, theirs].map(({ body }) => {
    const { details } = body as { details?: { causes?: readonly { field?: string; reason?: string }[] } };
    return [...new Set((details?.causes ?? []).map(({ field, reason }) => `${field} ${reason}`))].sort().join();
  });
  return left === right;
}
