import type { Exposed, Series } from './families.ts';
import { inOrder, seriesOf } from './families.ts';
import { cumulative } from './text-format.ts';

const types: Readonly<Record<Exposed['type'], number>> = { counter: 0, gauge: 1, histogram: 4 };

/** Families as `io.prometheus.client.MetricFamily`, each with its length before it: what Prometheus prefers for some of its functions. */
export function protobufFormat(families: readonly Exposed[]): Uint8Array {
  return Buffer.concat(inOrder(families).map((family) => prefixed(familyMessage(family))));
}

function familyMessage(family: Exposed): Buffer {
  const metrics = seriesOf(family).map((one) => message(4, metricMessage(family.type, one)));
  return Buffer.concat([text(1, family.name), text(2, family.help), uint(3, types[family.type]), ...metrics]);
}

function metricMessage(type: Exposed['type'], { sample: { value, histogram, timeMs }, labels }: Series): Buffer {
  const parts = labels.map(([name, of]) => message(1, Buffer.concat([text(1, name), text(2, of)])));
  if (histogram) {
    const buckets = cumulative(histogram).map(({ bound, count }) => message(3, Buffer.concat([uint(1, count), double(2, bound)])));
    parts.push(message(7, Buffer.concat([uint(1, value), double(2, histogram.sum), ...buckets])));
  } else parts.push(message(type === 'gauge' ? 2 : 3, double(1, value)));
  if (timeMs !== undefined) parts.push(uint(6, Math.round(timeMs)));
  return Buffer.concat(parts);
}

/** A whole number below 2^53 in groups of seven bits. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const prefixed = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length), bytes]);
const uint = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)]);
const message = (field: number, bytes: Buffer): Buffer => Buffer.concat([varint((field << 3) | 2), prefixed(bytes)]);
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (field << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}
