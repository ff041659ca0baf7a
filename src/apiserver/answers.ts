import { toYaml } from '../machinery/codec/index.ts';
import type { ObjectBody, ResponseBody, ServedEvent, WatchBody } from '../machinery/handler.ts';
import type { Status, StatusError } from '../machinery/status-error.ts';
import { notAcceptable } from '../machinery/status-error.ts';
import { partialObjectMetadata, renderTable } from '../machinery/table.ts';
import type { KubeObject } from '../machinery/types.ts';
import { itemJson } from '../registry/generic/item-json.ts';
import type { ChangeSink, ChangeType, ListAnswer, Served } from '../registry/generic/options.ts';
import type { AnswerForm } from './negotiation.ts';
import type { ServedResource } from './served-resource.ts';

/** What an endpoint answers; the handler adds the headers that every answer has. */
export interface Answer {
  readonly status: number;
  readonly body: ResponseBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any JSON data as an answer, in the media type of `form`. */
export function dataBody(data: unknown, form?: Pick<AnswerForm, 'media' | 'pretty'>): ResponseBody {
  if (form?.media === 'yaml') return { kind: 'object', object: () => data, json: () => toYaml(data), contentType: 'application/yaml' };
  return { kind: 'object', object: () => data, json: () => (form?.pretty ? `${JSON.stringify(data, null, 2)}\n` : JSON.stringify(data)) };
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
  const headers: Record<string, string> = {};
  if (status.details?.retryAfterSeconds) headers['retry-after'] = String(status.details.retryAfterSeconds);
  if (error.code === 403) headers['x-content-type-options'] = 'nosniff';
  return { status: error.code, body: dataBody(status, form), headers };
}

export function successStatus(extra: Partial<Status>): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', ...extra };
}

/** One object in the form asked for. */
export function objectBody(resource: ServedResource, stored: Served, form: AnswerForm, now: number): ResponseBody {
  const shown = resource.show(stored);
  if (form.as === 'object') {
    if (form.media === 'json' && !form.pretty) return servedBody(shown);
    return dataBody(shown.object, form);
  }
  if (form.as === 'partial') return dataBody(partialObjectMetadata(shown.object, form.version), form);
  return dataBody(tableOf(resource, [shown], form, now, { resourceVersion: shown.object.metadata?.resourceVersion }), form);
}

function servedBody(shown: Served): ObjectBody {
  return { kind: 'object', object: () => shown.object, json: () => shown.json() };
}

function tableOf(resource: ServedResource, shown: readonly Served[], form: AnswerForm, now: number, metadata: object, withoutColumns = false): object {
  const { strategy } = resource.registry;
  return renderTable(
    shown.map((one) => one.object),
    {
      columns: resource.columns,
      version: form.version,
      includeObject: form.includeObject,
      now,
      metadata,
      withoutColumns,
      ...(strategy.rowConditions && !resource.servedAs ? { rowConditions: (object: Readonly<KubeObject>) => strategy.rowConditions!(object) } : {}),
    },
  );
}

/** A list in the form asked for: the plain one joins texts that are kept with the objects. */
export function listBody(resource: ServedResource, list: ListAnswer, form: AnswerForm, now: number): ResponseBody {
  const shown = resource.servedAs ? list.items.map((item) => resource.show(item)) : list.items;
  const metadata = {
    resourceVersion: String(list.revision),
    ...(list.continueToken ? { continue: list.continueToken } : {}),
    ...(list.remaining ? { remainingItemCount: list.remaining } : {}),
  };
  const kind = `${resource.info.kind}List`;
  if (form.as === 'table') return dataBody(tableOf(resource, shown, form, now, metadata), form);
  if (form.as === 'partial') {
    const items = shown.map((one) => partialObjectMetadata(one.object, form.version));
    return dataBody({ kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${form.version}`, metadata, items }, form);
  }
  const object = (): unknown => ({ kind, apiVersion: resource.apiVersion, metadata, items: shown.map((one) => one.object) });
  if (form.media === 'yaml' || form.pretty) return dataBody(object(), form);
  const json = (): string => {
    const head = `{"kind":"${kind}","apiVersion":"${resource.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
    let text = head;
    for (let index = 0; index < shown.length; index += 1) text += (index === 0 ? '' : ',') + itemJson(shown[index] as Served, resource.prefix);
    return `${text}]}`;
  };
  return { kind: 'object', object, json };
}

const encoder = new TextEncoder();

/** Frames by object, then by type and form: whoever watches in the same form shares them. */
const frames = new WeakMap<Served, Map<string, ServedEvent>>();

/** A watch in the form asked for. `open` begins it and returns how to end it. */
export function watchBody(resource: ServedResource, form: AnswerForm, now: () => number, open: (sink: ChangeSink) => () => void): WatchBody {
  if (form.media !== 'json') throw notAcceptable('only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf');
  return {
    kind: 'watch',
    contentType: 'application/json',
    start(reader) {
      let first = true;
      return open({
        change(type, stored) {
          if (type === 'BOOKMARK' && form.as === 'table') return;
          reader.event(servedEvent(resource, type, stored, form, now(), form.as === 'table' && !first));
          first = false;
        },
        end: () => reader.end(),
      });
    },
  };
}

function servedEvent(resource: ServedResource, type: ChangeType, stored: Served, form: AnswerForm, now: number, withoutColumns: boolean): ServedEvent {
  if (type === 'BOOKMARK' || type === 'ERROR') return plainEvent(type, stored, resource);
  let known = frames.get(stored);
  if (!known) frames.set(stored, (known = new Map()));
  // The ages in a table's cells change with time, so a table is shared only while it does not stand still.
  const key = `${type} ${form.as === 'table' ? `${form.key} ${withoutColumns} ${now}` : form.key} ${resource.apiVersion}`;
  let event = known.get(key);
  if (!event) known.set(key, (event = changeEvent(resource, type, stored, form, now, withoutColumns)));
  return event;
}

/** Bookmarks and errors are few, and are no objects of the store. */
function plainEvent(type: ChangeType, { object }: Served, resource: ServedResource): ServedEvent {
  const shown = type === 'BOOKMARK' ? { ...object, kind: resource.info.kind, apiVersion: resource.apiVersion } : object;
  return { type, object: () => shown, frame: () => encoder.encode(`{"type":"${type}","object":${JSON.stringify(shown)}}\n`) };
}

function changeEvent(resource: ServedResource, type: ChangeType, stored: Served, form: AnswerForm, now: number, withoutColumns: boolean): ServedEvent {
  const shown = resource.show(stored);
  const metadata = { resourceVersion: shown.object.metadata?.resourceVersion };
  let frame: Uint8Array | undefined;
  const object = (): unknown => {
    if (form.as === 'table') return tableOf(resource, [shown], form, now, metadata, withoutColumns);
    return form.as === 'partial' ? partialObjectMetadata(shown.object, form.version) : shown.object;
  };
  const text = (): string => (form.as === 'object' ? shown.json() : JSON.stringify(object()));
  return { type, object, frame: () => (frame ??= encoder.encode(`{"type":"${type}","object":${text()}}\n`)) };
}
