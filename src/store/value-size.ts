import type { ProtobufSchema } from '../machinery/codec/index.ts';
import { encodeProtobuf } from '../machinery/codec/index.ts';
import { jsonSize } from '../machinery/deep.ts';
import type { KubeObject } from '../machinery/types.ts';
import { parseGroupVersion } from '../machinery/types.ts';
import { StoreError } from './store.ts';

/** etcd's --max-request-bytes: of a request in its log. */
const requestBytesMax = 1.5 * 1024 * 1024;
/** What upstream's client sends etcd at most (google.golang.org/grpc, as clientv3 sets it). */
const messageBytesMax = 2 * 1024 * 1024;
/** A value of which JSON needs so little is never too large in protobuf either, which writes out what JSON leaves away. */
const surelySmallBytes = requestBytesMax / 3;

/** A transaction that writes a value under a key, without the two; replacing one reads it again where it is not what it was. */
const createBytes = 22;
const updateBytes = 29;
/** Of a value from here on, a few lengths around it take a byte more. */
const wideBytes = 2 ** 21;
/** Around that transaction in the log. */
const logBytes = 17;

/** Upstream's servers of these groups store JSON. */
const storedAsJson = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

/**
 * About how many bytes of JSON a value takes. Values near the limit are measured as upstream would send them to etcd: built-in
 * kinds in protobuf, others in JSON.
 *
 * Differs from upstream: a key holds the name of the group, too, so that values outside the core group have a few bytes less.
 *
 * @throws StoreError TooLarge in etcd's words, or in those of its client
 */
export function valueSize(key: string, object: Readonly<KubeObject>, write: 'create' | 'update', schema: (() => ProtobufSchema) | undefined): number {
  const about = jsonSize(object);
  if (about <= surelySmallBytes) return about;
  const value = storedBytes(object, schema?.());
  const keys = Buffer.byteLength(key) * (write === 'create' ? 2 : 3);
  const message = value + keys + (write === 'create' ? createBytes : updateBytes) + (value < wideBytes ? 0 : 3);
  if (message > messageBytesMax) {
    throw new StoreError('TooLarge', `rpc error: code = ResourceExhausted desc = trying to send message larger than max (${message} vs. ${messageBytesMax})`);
  }
  if (message + logBytes > requestBytesMax) throw new StoreError('TooLarge', 'etcdserver: request is too large');
  return about;
}

/** Stored values do not hold their version: etcd keeps it. */
function storedBytes(object: Readonly<KubeObject>, schema: ProtobufSchema | undefined): number {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  const stored = { ...object, metadata };
  const { apiVersion = '', kind = '' } = object;
  if (!schema || storedAsJson.has(parseGroupVersion(apiVersion).group) || !schema.messageFor(apiVersion, kind))
    return Buffer.byteLength(JSON.stringify(stored));
  return encodeProtobuf(schema, stored).length;
}
