import type { ProtobufSchema } from '../machinery/codec/index.ts';
import { encodeProtobuf, goJson, protobufWatchFrame } from '../machinery/codec/index.ts';
import type { ServedEvent, WatchBody } from '../machinery/handler.ts';
import { partialObjectMetadata } from '../machinery/table.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { ChangeSink, ChangeType, Served } from '../registry/generic/options.ts';
import { initialEventsEnd } from '../registry/generic/watch.ts';
import { tableOf, tableOptions } from './answers.ts';
import { partialObjectPieces } from './list-pieces.ts';
import type { AnswerForm } from './negotiation.ts';
import { mediaTypes, noStream, requireIncludeObject } from './negotiation.ts';
import type { ShownKind } from './protobuf-answer.ts';
import { partialKind, protobufObject, wholeKind } from './protobuf-answer.ts';
import type { ServedResource } from './served-resource.ts';

/** A watch in the form asked for. `open` begins it and returns how to end it. */
export function watchBody(resource: ServedResource, form: AnswerForm, now: () => number, open: (sink: ChangeSink) => () => void): WatchBody {
  if (form.media === 'yaml') throw noStream();
  if (form.as === 'table') requireIncludeObject(form);
  // Nothing of a plain event depends on who watches when.
  const sharedKey = form.as === 'table' ? undefined : `${resource.apiVersion} ${form.key}`;
  return {
    kind: 'watch',
    contentType: form.protobufSchema ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json,
    start(reader) {
      let first = true;
      return open({
        change(type, stored) {
          // Upstream can make no list of one object, and gives up at the first one.
          if (form.as === 'partialList' && type !== 'ERROR') return reader.end();
          if (type === 'BOOKMARK' && form.as === 'table') return;
          if (type === 'BOOKMARK' || type === 'ERROR') reader.event(plainEvent(type, stored, resource, form));
          else {
            // The ages in a table's cells change with time, so a table is shared only while it does not stand still.
            const at = sharedKey ? 0 : now();
            const withoutColumns = form.as === 'table' && !first;
            const key = sharedKey ?? `${resource.apiVersion} ${form.key} ${withoutColumns} ${at}`;
            reader.event(sharedEvent(type, stored, key, () => changeEvent(resource, type, stored, form, at, withoutColumns)));
          }
          first = false;
        },
        end: () => reader.end(),
      });
    },
  };
}

/** So many changed objects have their frames kept: as many as a watcher is handed at a time, so that all watchers share them. */
const recentMax = 1024;
/** In so many forms each: a table is another one with every second, and objects that do not change are shown again and again. */
const formsMax = 16;

/** Frames of the newest changes by object, then by form, then by type: whoever watches in the same form shares them. */
const recent = new Map<Served, Map<string, Map<ChangeType, ServedEvent>>>();

/** Watchers are told of a change one after the other, most of them in the same form. */
let latest: { readonly type: ChangeType; readonly stored: Served; readonly key: string; readonly event: ServedEvent } | undefined;

function sharedEvent(type: ChangeType, stored: Served, key: string, make: () => ServedEvent): ServedEvent {
  if (latest && latest.stored === stored && latest.type === type && latest.key === key) return latest.event;
  const event = recentEvent(type, stored, key, make);
  latest = { type, stored, key, event };
  return event;
}

function recentEvent(type: ChangeType, stored: Served, key: string, make: () => ServedEvent): ServedEvent {
  const forms = getOrSet(recent, stored, () => new Map<string, Map<ChangeType, ServedEvent>>());
  if (recent.size > recentMax) recent.delete(recent.keys().next().value as Served);
  const types = getOrSet(forms, key, () => new Map<ChangeType, ServedEvent>());
  if (forms.size > formsMax) forms.delete(forms.keys().next().value as string);
  return getOrSet(types, type, make);
}

function getOrSet<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Bookmarks and errors are few, and are no objects of the store. */
function plainEvent(type: 'BOOKMARK' | 'ERROR', { object }: Served, resource: ServedResource, form: AnswerForm): ServedEvent {
  const shown = type === 'BOOKMARK' ? bookmarkOf(object, resource, form) : object;
  const frame = (): Uint8Array =>
    form.protobufSchema ? protobufWatchFrame(type, encodeProtobuf(form.protobufSchema(), shown)) : frameOf(type, [Buffer.from(goJson(shown))]);
  return { type, object: () => shown, frame };
}

function bookmarkOf(given: Readonly<KubeObject>, resource: ServedResource, form: AnswerForm): Readonly<KubeObject> {
  const { info, apiVersion } = resource;
  const object = given.metadata?.annotations?.[initialEventsEnd] ? withBlueprint(given, resource, form) : given;
  return form.as === 'partial' ? partialObjectMetadata(object, form.version) : { ...object, kind: info.kind, apiVersion };
}

/** The bookmark at the end of what was there brings an empty list, in the form of the watch, for whoever makes one of the events before it. */
function withBlueprint(bookmark: Readonly<KubeObject>, { info, apiVersion }: ServedResource, form: AnswerForm): KubeObject {
  const partial = form.as === 'partial';
  const type = { kind: `${partial ? 'PartialObjectMetadata' : info.kind}List`, apiVersion: partial ? `meta.k8s.io/${form.version}` : apiVersion };
  const bytes = form.protobufSchema
    ? Buffer.from(encodeProtobuf(form.protobufSchema(), { ...type, metadata: {}, items: [] } as object))
    : Buffer.from(`${JSON.stringify({ ...type, metadata: {}, items: null })}\n`);
  const annotations = { ...bookmark.metadata?.annotations, 'kubernetes.io/initial-events-list-blueprint': bytes.toString('base64') };
  return { ...bookmark, metadata: { ...bookmark.metadata, annotations } };
}

function changeEvent(resource: ServedResource, type: ChangeType, stored: Served, form: AnswerForm, now: number, withoutColumns: boolean): ServedEvent {
  const shown = form.as === 'partial' ? resource.inner(stored) : resource.show(stored);
  if (form.protobufSchema) return protobufEvent(type, shown, form.as === 'partial' ? partialKind(form.version) : wholeKind(resource), form.protobufSchema());
  const object = (): unknown => {
    if (form.as === 'object') return shown.object;
    if (form.as === 'partial') return partialObjectMetadata(shown.object, form.version);
    return tableOf([stored], tableOptions(resource, form, now, { resourceVersion: stored.object.metadata?.resourceVersion }, withoutColumns));
  };
  const pieces = (): readonly Uint8Array[] => {
    if (form.as === 'object') return [shown.json()];
    return form.as === 'partial' ? partialObjectPieces(shown, form.version) : [Buffer.from(goJson(object()))];
  };
  let frame: Uint8Array | undefined;
  return { type, object, frame: () => (frame ??= frameOf(type, pieces())) };
}

function protobufEvent(type: ChangeType, shown: Served, as: ShownKind, schema: ProtobufSchema): ServedEvent {
  let frame: Uint8Array | undefined;
  return { type, object: () => as.show(shown), frame: () => (frame ??= protobufWatchFrame(type, protobufObject(schema, shown, as))) };
}

const endOfFrame = Buffer.from('}\n');

function frameOf(type: ChangeType, object: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), ...object, endOfFrame]);
}
