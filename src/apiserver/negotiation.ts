import type { ProtobufSchema } from '../machinery/codec/index.ts';
import type { ApiRequest } from '../machinery/handler.ts';
import { badRequest, failure, notAcceptable } from '../machinery/status-error.ts';
import type { IncludeObject } from '../machinery/table.ts';
import { accepts, parseAccept, trimSpaces } from './accept.ts';

export type Media = 'json' | 'yaml' | 'protobuf';

/** What an answer shows: the thing itself, rows of a table, or its metadata; `list` if the metadata of a list was asked for. */
export type Shown = 'object' | 'table' | 'partial' | 'partialList';

/** The form an answer takes. */
export interface AnswerForm {
  readonly media: Media;
  /** Of JSON alone. */
  readonly pretty: boolean;
  readonly as: Shown;
  /** Of the group that the kind of a transformed answer belongs to. */
  readonly version: string;
  /** As the query has it: `requireIncludeObject` reads it. */
  readonly includeObject: string;
  /** Tells forms apart where rendered answers are kept. */
  readonly key: string;
  /** There if and only if the answer is to be protobuf. */
  readonly protobufSchema?: () => ProtobufSchema;
}

/** What a choice is made from. */
export interface Preferences {
  readonly accept: string | undefined;
  readonly query: URLSearchParams;
  readonly userAgent: string | undefined;
}

/** What an endpoint can answer beside the thing itself. */
export type Endpoint =
  /** One object; the router looks at the header first. */
  | 'object'
  /** Lists and watches: the same, and streams. */
  | 'collection'
  /** Watches that begin with what is there and tell when that is done: clients make a list of it, so they are never tables. */
  | 'initialEvents'
  /** Discovery documents. */
  | 'document'
  /** What the aggregator says of the groups: documents that ask no router. */
  | 'groups'
  /** The Status of a failure, which is never transformed, and asks no router. */
  | 'status';

/** Endpoints whose answers are always whole. */
const untransformed: ReadonlySet<Endpoint> = new Set(['document', 'groups', 'status']);
const unrouted: ReadonlySet<Endpoint> = new Set(['groups', 'status']);

interface Accepted {
  readonly media: Media;
  readonly pretty: boolean;
  readonly as: Shown;
  readonly version: string;
}

export const mediaTypes: Readonly<Record<Media, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};
/** In upstream's order: a wildcard gets the first. */
const spoken = Object.entries(mediaTypes) as readonly [Media, string][];
export const allMediaTypes = Object.values(mediaTypes);
const streamTypes = [`${mediaTypes.json};stream=watch`, `${mediaTypes.protobuf};stream=watch`];

export function preferencesOf({ headers, query }: Pick<ApiRequest, 'headers' | 'query'>): Preferences {
  return { accept: headers.accept, query, userAgent: headers['user-agent'] };
}

const cacheMax = 500;
/** What was chosen for headers that have been read before. */
const known: Readonly<Record<Endpoint, Map<string, Accepted | Error>>> = {
  object: new Map(),
  collection: new Map(),
  initialEvents: new Map(),
  document: new Map(),
  groups: new Map(),
  status: new Map(),
};
const plainForm: AnswerForm = { media: 'json', pretty: false, as: 'object', version: 'v1', includeObject: '', key: 'object' };

/**
 * Chooses the form of an answer from Accept and the query (apiserver/pkg/endpoints/handlers/negotiation).
 * @throws StatusError 406 if nothing the client accepts is spoken here
 */
export function negotiate(endpoint: Endpoint, { accept, query, userAgent }: Preferences, protobufSchema: () => ProtobufSchema): AnswerForm {
  const choice = accept === undefined || accept === '' || accept === '*/*' ? undefined : chooseCached(endpoint, accept);
  const pretty = choice?.pretty === true || wantsPretty(query, userAgent);
  if (!pretty && (!choice || (choice.as === 'object' && choice.media === 'json'))) return plainForm;
  const { media = 'json', as = 'object', version = 'v1' } = choice ?? {};
  const includeObject = as === 'table' ? (query.get('includeObject') ?? '') : '';
  const key = `${media} ${as} ${version} ${includeObject} ${pretty}`;
  return { media, as, version, pretty: pretty && media === 'json', includeObject, key, ...(media === 'protobuf' ? { protobufSchema } : {}) };
}

/** The form of a failure's Status: indented JSON where the client takes nothing that is spoken here (responsewriters.WriteRawJSON). */
export function negotiateStatus(preferences: Preferences, protobufSchema: () => ProtobufSchema): AnswerForm {
  try {
    return negotiate('status', preferences, protobufSchema);
  } catch {
    return indentedForm;
  }
}

const indentedForm: AnswerForm = { ...plainForm, pretty: true, key: 'indented' };

/** The 406 of a watch in a media type that has no stream. */
export function noStream(): Error {
  return notAcceptable(onlyAccepted(streamTypes));
}

function onlyAccepted(types: readonly string[]): string {
  return `only the following media types are accepted: ${types.join(', ')}`;
}

/** What Go's strconv.ParseBool takes for true. */
const yes: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** Asked for by the query or, where that says nothing, by the sort of client: people read what these show. */
function wantsPretty(query: URLSearchParams, userAgent = ''): boolean {
  const asked = query.get('pretty');
  if (asked) return yes.has(asked);
  return userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0');
}

/** How much of each object the rows of a table carry. Upstream looks once it has something to show. @throws StatusError 400 */
export function requireIncludeObject({ includeObject: asked }: Pick<AnswerForm, 'includeObject'>): IncludeObject {
  if (asked === '' || asked === 'Metadata') return 'Metadata';
  if (asked === 'None' || asked === 'Object') return asked;
  const wrong = `includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: ${wrong}`);
}

function chooseCached(endpoint: Endpoint, accept: string): Accepted {
  const choices = known[endpoint];
  let choice = choices.get(accept);
  if (!choice) {
    choice = choose(endpoint, accept);
    if (choices.size >= cacheMax) choices.clear();
    choices.set(accept, choice);
  }
  if (choice instanceof Error) throw choice;
  return choice;
}

function choose(endpoint: Endpoint, accept: string): Accepted | Error {
  if (!unrouted.has(endpoint) && !isRouted(accept, allMediaTypes))
    return notRouted(endpoint === 'collection' || endpoint === 'initialEvents' ? [...allMediaTypes, ...streamTypes] : allMediaTypes);
  for (const clause of parseAccept(accept)) {
    for (const [media, mediaType] of spoken) {
      const found = accepts(clause, mediaType) ? transformation(endpoint, media, clause.parameters) : undefined;
      if (found) return found;
    }
  }
  return notAcceptable(onlyAccepted(allMediaTypes));
}

/** The router (go-restful) knows whole media types and the wildcard for all of them, and looks at neither parameters nor qualities. */
function isRouted(accept: string, produced: readonly string[]): boolean {
  return accept.split(',').some((clause) => {
    const mediaType = trimSpaces(clause.split(';')[0] as string);
    return mediaType === '*/*' || produced.includes(mediaType);
  });
}

function notRouted(produced: readonly string[]): Error {
  return failure(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`, {});
}

/** For what comes in one media type alone, whatever the client likes best among what it takes. @throws StatusError 406 */
export function requireType(mediaType: string, { accept }: Preferences): void {
  if (accept && !isRouted(accept, [mediaType])) throw notRouted([mediaType]);
}

const transformations: Readonly<Record<string, Shown | undefined>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partialList',
};

/** What a clause asks for, or undefined if it cannot be had in this media type here. */
function transformation(endpoint: Endpoint, media: Media, parameters: ReadonlyMap<string, string>): Accepted | undefined {
  const pretty = parameters.get('pretty') === '1';
  const stream = parameters.get('stream') ?? '';
  if (stream !== '' && (stream !== 'watch' || media === 'yaml')) return undefined;
  const serverVersion = parameters.get('sv') ?? '';
  if (serverVersion !== '' && (serverVersion !== 'v1' || untransformed.has(endpoint))) return undefined;
  const [as, group, version] = ['as', 'g', 'v'].map((name) => parameters.get(name));
  if (as === undefined && group === undefined && version === undefined) return { media, pretty, as: 'object', version: 'v1' };
  if (untransformed.has(endpoint)) return undefined;
  const shown = transformations[as ?? ''];
  if (!shown || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  return shown === 'table' && (media === 'protobuf' || endpoint === 'initialEvents') ? undefined : { media, pretty, as: shown, version };
}

/** How discovery in one document is wanted. */
export type AggregatedForm = Pick<AnswerForm, 'media' | 'pretty' | 'protobufSchema'>;

/**
 * Whoever mentions the aggregated form gets it, however much the plain one is liked (endpoints/discovery/aggregated). Undefined for others,
 * among them those who only know v2beta1, which 1.33 has taken away (AggregatedDiscoveryRemoveBetaType).
 */
export function negotiateAggregated({ accept, query, userAgent }: Preferences, protobufSchema: () => ProtobufSchema): AggregatedForm | undefined {
  if (!accept?.includes('APIGroupDiscoveryList')) return undefined;
  for (const clause of parseAccept(accept)) {
    const [as, group, version, stream = ''] = ['as', 'g', 'v', 'stream'].map((name) => clause.parameters.get(name));
    if (as !== 'APIGroupDiscoveryList' || group !== 'apidiscovery.k8s.io' || version !== 'v2' || !['', 'watch'].includes(stream)) continue;
    const media = spoken.find(([, mediaType]) => accepts(clause, mediaType))?.[0];
    const pretty = media === 'json' && (clause.parameters.get('pretty') === '1' || wantsPretty(query, userAgent));
    if (media) return { media, pretty, ...(media === 'protobuf' ? { protobufSchema } : {}) };
  }
  return undefined;
}
