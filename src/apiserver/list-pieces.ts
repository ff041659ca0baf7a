import { goJson } from '../machinery/codec/index.ts';
import type { BytePieces } from '../machinery/handler.ts';
import type { TableOptions } from '../machinery/table.ts';
import { renderRow, renderTable } from '../machinery/table.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { Served } from '../registry/generic/options.ts';

const comma = Buffer.from(',');
const openBrace = Buffer.from('{');
const commaAndBrace = Buffer.from(',{');
const closeBrace = Buffer.from('}');
const endOfList = Buffer.from(']}\n');
const nothing = Buffer.alloc(0);

/** Pieces in an array. */
function bytePieces(pieces: readonly Uint8Array[]): BytePieces {
  let byteLength = 0;
  for (const piece of pieces) byteLength += piece.length;
  return { byteLength, [Symbol.iterator]: () => pieces[Symbol.iterator]() };
}

/** The bytes of all pieces in one. */
export function joinPieces(pieces: BytePieces): Buffer {
  return Buffer.concat([...pieces], pieces.byteLength);
}

/**
 * A list as JSON, made of the bytes that are kept with its objects.
 * @param list the list itself, without items
 * @param prefix how the text of every object begins; items of a list carry no type of their own
 */
export function listPieces(list: { readonly items: readonly [] }, items: readonly Served[], prefix: Buffer): BytePieces {
  const pieces = [headOf(list)];
  for (const item of items) {
    const json = item.json();
    const isFirst = pieces.length === 1;
    if (startsWith(json, prefix)) pieces.push(isFirst ? openBrace : commaAndBrace, json.subarray(prefix.length));
    else pieces.push(isFirst ? nothing : comma, json);
  }
  pieces.push(endOfList);
  return bytePieces(pieces);
}

/** A PartialObjectMetadataList as JSON. */
export function partialListPieces(list: { readonly items: readonly [] }, items: readonly Served[], version: string): BytePieces {
  const before = beforeMetadata(version);
  const pieces = [headOf(list)];
  for (const item of items) pieces.push(pieces.length > 1 ? comma : nothing, before, item.metadataJson(), closeBrace);
  pieces.push(endOfList);
  return bytePieces(pieces);
}

/** A PartialObjectMetadata as JSON. */
export function partialObjectPieces(item: Served, version: string): readonly Uint8Array[] {
  return [beforeMetadata(version), item.metadataJson(), closeBrace];
}

/** As what the rows of a table show the objects that are stored. */
export interface RowViews {
  /** The whole object. */
  show(stored: Served): Served;
  /** The object with the metadata. */
  inner(stored: Served): Served;
}

/** A Table as JSON: its cells are made anew, since ages change, and what it shows of the objects is there already. */
export function tablePieces(rows: readonly Served[], options: TableOptions<KubeObject>, views: RowViews): BytePieces {
  const before = beforeMetadata(options.version);
  const pieces = [headOf(renderTable([], options))];
  for (const row of rows) {
    const head = goJson(renderRow(row.object, options)).slice(0, -1);
    pieces.push(Buffer.from(`${pieces.length > 1 ? ',' : ''}${head},"object":`));
    if (options.includeObject === 'Metadata') pieces.push(before, views.inner(row).metadataJson(), closeBrace, closeBrace);
    else pieces.push(options.includeObject === 'Object' ? views.show(row).json() : nullText, closeBrace);
  }
  pieces.push(endOfList);
  return bytePieces(pieces);
}

const nullText = Buffer.from('null');

/** The text of an object whose last member is an empty list, up to where the first item goes. */
function headOf(empty: object): Buffer {
  return Buffer.from(goJson(empty).slice(0, -2));
}

function beforeMetadata(version: string): Buffer {
  return Buffer.from(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`);
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  for (let index = 0; index < prefix.length; index += 1) if (bytes[index] !== prefix[index]) return false;
  return true;
}
