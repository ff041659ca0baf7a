export type { Exposed, ExposedSample } from './families.ts';
export { exposed } from './families.ts';
export { protobufFormat } from './protobuf-format.ts';
export { textFormat } from './text-format.ts';

/** Of the text format. */
export const textFormatType = 'text/plain; version=0.0.4; charset=utf-8';
/** Of the protobuf format. */
export const protobufFormatType = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
