import { goJson, toYaml } from '../machinery/codec/index.ts';
import type { BytePieces, ObjectBody, ResponseBody } from '../machinery/handler.ts';
import type { Status, StatusError } from '../machinery/status-error.ts';
import { failure } from '../machinery/status-error.ts';
import type { TableOptions } from '../machinery/table.ts';
import { partialObjectMetadata, renderTable } from '../machinery/table.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { ListAnswer, Served } from '../registry/generic/options.ts';
import { internalPackage } from './body.ts';
import { joinPieces, listPieces, partialListPieces, tablePieces } from './list-pieces.ts';
import type { AnswerForm } from './negotiation.ts';
import { mediaTypes, requireIncludeObject } from './negotiation.ts';
import { partialKind, protobufDataBody, protobufListBody, protobufObjectBody, wholeKind } from './protobuf-answer.ts';
import type { ServedResource } from './served-resource.ts';

/** What an endpoint answers; the handler adds the headers that every answer has. */
export interface Answer {
  readonly status: number;
  readonly body: ResponseBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any JSON data as an answer, in the media type of `form`; as upstream's serializer, in a line of its own unless it is pretty. @throws StatusError 406 for what has no protobuf form */
export function dataBody(data: unknown, form?: Pick<AnswerForm, 'media' | 'pretty' | 'protobufSchema'>): ObjectBody {
  if (form?.protobufSchema) return protobufDataBody(form.protobufSchema(), data as object);
  if (form?.media === 'yaml') return { kind: 'object', object: () => data, json: () => toYaml(data), contentType: mediaTypes.yaml };
  return { kind: 'object', object: () => data, json: () => (form?.pretty ? goJson(data, 2) : `${goJson(data)}\n`) };
}

export function textAnswer(status: number, text: string, headers?: Readonly<Record<string, string>>): Answer {
  return {
    status,
    body: { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: text },
    headers: { 'x-content-type-options': 'nosniff', ...headers },
  };
}

/** The answer to a failure. A client that may retry is told when. */
export function statusAnswer(error: StatusError, form?: AnswerForm): Answer {
  const { status } = error;
  const headers: Record<string, string> = { ...error.headers };
  if (status.details?.retryAfterSeconds) headers['retry-after'] = String(status.details.retryAfterSeconds);
  return { status: error.code, body: dataBody(status, form), headers };
}

export function successStatus(extra: Partial<Status>): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', ...extra };
}

/** One object in the form asked for. */
export function objectBody(resource: ServedResource, stored: Served, form: AnswerForm, now: number): ResponseBody {
  if (form.as === 'partialList') throw notShownAs('PartialObjectMetadataList', `not a list (${goType(resource, '')})`);
  if (form.as === 'table')
    return dataBody(tableOf([stored], tableOptions(resource, form, now, { resourceVersion: stored.object.metadata?.resourceVersion })), form);
  const shown = form.as === 'object' ? resource.show(stored) : resource.inner(stored);
  if (form.protobufSchema) return protobufObjectBody(form.protobufSchema(), shown, form.as === 'object' ? wholeKind(resource) : partialKind(form.version));
  if (form.as === 'partial') return dataBody(partialObjectMetadata(shown.object, form.version), form);
  return form.media === 'json' && !form.pretty ? servedBody(shown) : dataBody(shown.object, form);
}

function servedBody(shown: Served): ObjectBody {
  return { kind: 'object', object: () => shown.object, json: () => shown.jsonLine() };
}

export function tableOptions(resource: ServedResource, form: AnswerForm, now: number, metadata: object, withoutColumns = false): TableOptions<KubeObject> {
  const { strategy } = resource.registry;
  return {
    columns: resource.columns,
    version: form.version,
    includeObject: requireIncludeObject(form),
    now,
    metadata,
    withoutColumns,
    ...(strategy.rowConditions ? { rowConditions: (object: Readonly<KubeObject>) => strategy.rowConditions!(object) } : {}),
    whole: (object) => resource.servedAs?.fromStorage(object) ?? object,
    inner: (object) => resource.innerObject(object),
  };
}

export function tableOf(stored: readonly Served[], options: TableOptions<KubeObject>): object {
  return renderTable(
    stored.map((one) => one.object),
    options,
  );
}

/** A list in the form asked for: most are made of the bytes that are kept with the objects. */
export function listBody(resource: ServedResource, list: ListAnswer, form: AnswerForm, now: number): ResponseBody {
  const metadata = {
    resourceVersion: String(list.revision),
    ...(list.continueToken ? { continue: list.continueToken } : {}),
    ...(list.remaining ? { remainingItemCount: list.remaining } : {}),
  };
  if (form.as === 'table') {
    const options = tableOptions(resource, form, now, metadata);
    const { strategy } = resource.registry;
    const rows = strategy.compareRows ? [...list.items].sort((a, b) => strategy.compareRows!(a.object, b.object)) : list.items;
    return piecesBody(
      () => tableOf(rows, options),
      () => tablePieces(rows, options, resource),
      form,
    );
  }
  if (form.as === 'partial') throw notShownAs('PartialObjectMetadata', `a list (${goType(resource, 'List')})`);
  if (form.as === 'partialList') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${form.version}`, metadata, items: [] } as const;
    const inner = list.items.map((item) => resource.inner(item));
    if (form.protobufSchema) return protobufListBody(form.protobufSchema(), head, inner, partialKind(form.version));
    return piecesBody(
      () => ({ ...head, items: inner.map((one) => partialObjectMetadata(one.object, form.version)) }),
      () => partialListPieces(head, inner, form.version),
      form,
    );
  }
  const shown = resource.servedAs ? list.items.map((item) => resource.show(item)) : list.items;
  const head = { kind: `${resource.info.kind}List`, apiVersion: resource.apiVersion, metadata, items: [] } as const;
  if (form.protobufSchema) return protobufListBody(form.protobufSchema(), head, shown, wholeKind(resource));
  return piecesBody(
    () => ({ ...head, items: shown.map((one) => one.object) }),
    () => listPieces(head, shown, resource.prefix),
    form,
  );
}

/** The 406 of who asks for the metadata of a list where there is one object, or the other way round (handlers/response.go). */
export function notShownAs(kind: string, what: string): Error {
  return failure(406, 'NotAcceptable', `you requested ${kind}, but the requested object is ${what}`);
}

/** The Go type of what is stored: `*core.PodList`. */
function goType({ info }: ServedResource, suffix: string): string {
  return `*${internalPackage(info.group)}.${info.kind}${suffix}`;
}

/** A body that is sent piece by piece, unless it has to be laid out for people. In neither do the items of a list carry a type. */
function piecesBody(object: () => unknown, pieces: () => BytePieces, form: AnswerForm): ResponseBody {
  if (form.media === 'yaml' || form.pretty) return dataBody(JSON.parse(joinPieces(pieces()).toString()), form);
  return { kind: 'object', object, json: () => joinPieces(pieces()), pieces };
}
