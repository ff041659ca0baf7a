import { badRequest, failure, notAcceptable } from '../machinery/status-error.ts';
import type { IncludeObject } from '../machinery/table.ts';

/** The form an answer takes. */
export interface AnswerForm {
  readonly media: 'json' | 'yaml';
  readonly pretty: boolean;
  readonly as: 'object' | 'table' | 'partial';
  /** Of meta.k8s.io, for tables and partial objects. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  /** Tells forms apart where rendered answers are kept. */
  readonly key: string;
}

interface Accepted {
  readonly media: 'json' | 'yaml';
  readonly as: 'object' | 'table' | 'partial';
  readonly version: string;
}

const acceptable = 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';
const cacheMax = 500;
const accepted = new Map<string, Accepted | Error>();
const plainForm: AnswerForm = { media: 'json', pretty: false, as: 'object', version: 'v1', includeObject: 'Metadata', key: 'object' };

/**
 * Chooses the form of an answer from Accept and the query (apiserver/pkg/endpoints/handlers/negotiation).
 * @throws StatusError 406 if nothing the client accepts is spoken here, 400 for an unknown includeObject
 */
export function negotiate(accept: string | undefined, query: URLSearchParams, userAgent: string | undefined): AnswerForm {
  const choice = accept === undefined || accept === '' || accept === '*/*' ? undefined : chooseCached(accept);
  const pretty = wantsPretty(query, userAgent);
  if (!pretty && (!choice || (choice.as === 'object' && choice.media === 'json'))) return plainForm;
  const { media = 'json', as = 'object', version = 'v1' } = choice ?? {};
  const includeObject = as === 'table' ? includeObjectOf(query) : 'Metadata';
  return { media, as, version, pretty, includeObject, key: `${media} ${as} ${version} ${includeObject} ${pretty}` };
}

function wantsPretty(query: URLSearchParams, userAgent = ''): boolean {
  const asked = query.get('pretty');
  if (asked !== null) return asked === '1' || asked.toLowerCase() === 'true' || asked === '';
  return userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0');
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') ?? '';
  if (asked === '' || asked === 'Metadata') return 'Metadata';
  if (asked === 'None' || asked === 'Object') return asked;
  throw badRequest(`unrecognized includeObject value: "${asked}"`);
}

function chooseCached(accept: string): Accepted {
  let choice = accepted.get(accept);
  if (!choice) {
    choice = choose(accept);
    if (accepted.size >= cacheMax) accepted.clear();
    accepted.set(accept, choice);
  }
  if (choice instanceof Error) throw choice;
  return choice;
}

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** The clauses of an Accept header, the most wanted first. */
export function parseAccept(accept: string): Clause[] {
  const clauses = accept.split(',').map((text) => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim());
    const parameters = new Map(rest.map((part) => part.split('=', 2).map((side) => side.trim()) as [string, string]));
    return { type: type.toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1) };
  });
  return clauses.sort((a, b) => b.quality - a.quality);
}

function choose(accept: string): Accepted | Error {
  let known = false;
  for (const { type, parameters } of parseAccept(accept)) {
    if (type === 'application/vnd.kubernetes.protobuf') known = true;
    const media = type === 'application/json' || type === '*/*' || type === 'application/*' ? 'json' : type === 'application/yaml' ? 'yaml' : undefined;
    if (!media) continue;
    known = true;
    const found = transformation(media, parameters);
    if (found) return found;
  }
  return known ? notAcceptable(acceptable) : failure(406, 'NotAcceptable', '406: Not Acceptable', {});
}

function transformation(media: 'json' | 'yaml', parameters: ReadonlyMap<string, string>): Accepted | undefined {
  const as = parameters.get('as');
  if (as === undefined) return { media, as: 'object', version: 'v1' };
  const version = parameters.get('v') ?? '';
  if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as === 'Table') return { media, as: 'table', version };
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? { media, as: 'partial', version } : undefined;
}
