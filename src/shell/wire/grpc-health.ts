/** Messages of grpc.health.v1 and how gRPC frames them. */

export const healthCheckPath = '/grpc.health.v1.Health/Check';

/** By its number on the wire. */
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
export type ServingStatus = (typeof servingStatuses)[number];

/** gRPC's codes, as far as health checks use them. */
export const grpcCode = { ok: 0, notFound: 5, unimplemented: 12 } as const;

const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** `NotFound`, as Go prints a code. */
export const grpcCodeName = (code: number): string => codeNames[code] ?? `Code(${code})`;

const messageHeadBytes = 5;

/** One uncompressed message: a flag, its length, its bytes. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const out = Buffer.alloc(messageHeadBytes + message.length);
  out.writeUInt32BE(message.length, 1);
  out.set(message, messageHeadBytes);
  return out;
}

/** The one message of a body; undefined if it is cut off or compressed. */
export function unframeMessage(body: Uint8Array): Uint8Array | undefined {
  if (body.length < messageHeadBytes || body[0] !== 0) return undefined;
  const length = Buffer.from(body.buffer, body.byteOffset, body.length).readUInt32BE(1);
  return body.length >= messageHeadBytes + length ? body.subarray(messageHeadBytes, messageHeadBytes + length) : undefined;
}

/** HealthCheckRequest: field 1 is the name of the service. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  return name.length === 0 ? new Uint8Array(0) : new Uint8Array([0x0a, ...varint(name.length), ...name]);
}

/** The service's name; undefined for what is no such message. */
export function decodeHealthRequest(message: Uint8Array): string | undefined {
  if (message.length === 0) return '';
  if (message[0] !== 0x0a) return undefined;
  const { value, next } = readVarint(message, 1);
  return next + value === message.length ? Buffer.from(message.subarray(next)).toString() : undefined;
}

/** HealthCheckResponse: field 1 is the status; the zero is left out. */
export function encodeHealthResponse(status: ServingStatus): Uint8Array {
  const number = servingStatuses.indexOf(status);
  return number === 0 ? new Uint8Array(0) : new Uint8Array([0x08, number]);
}

/** A status without a name prints as its number, as in Go. */
export function decodeHealthResponse(message: Uint8Array): string {
  const number = message[0] === 0x08 ? readVarint(message, 1).value : 0;
  return servingStatuses[number] ?? String(number);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function readVarint(data: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let next = start;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = data[next] ?? 0;
    next += 1;
    value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return { value, next };
}
