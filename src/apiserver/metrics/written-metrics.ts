import type { MetricFamily } from '../../env/index.ts';
import { exposed, protobufFormat, protobufFormatType, textFormat, textFormatType } from '../../machinery/exposition/index.ts';
import { parseAccept } from '../accept.ts';

const escapings = new Set(['allow-utf-8', 'underscores', 'dots', 'values']);

/** Families in the format that a client likes best: as text, or in protobuf. Nobody is turned away (prometheus/common expfmt Negotiate). */
export async function writtenMetrics(families: readonly MetricFamily[], accept: string): Promise<{ contentType: string; bytes: string | Uint8Array }> {
  const { protobuf, escaping } = formatFor(accept);
  const now = await exposed(families);
  return { contentType: `${protobuf ? protobufFormatType : textFormatType}; escaping=${escaping}`, bytes: protobuf ? protobufFormat(now) : textFormat(now) };
}

/**
 * Names hold nothing that would have to be escaped, so that the escaping is only repeated.
 *
 * Differs from upstream: protobuf's own text forms (`encoding=text`, `compact-text`) are not among the formats.
 */
function formatFor(accept: string): { readonly protobuf: boolean; readonly escaping: string } {
  let escaping = 'underscores';
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    const wanted = parameters.get('escaping');
    if (wanted !== undefined && escapings.has(wanted)) escaping = wanted;
    const isFamilies = parameters.get('proto') === 'io.prometheus.client.MetricFamily' && parameters.get('encoding') === 'delimited';
    if (type === 'application' && subtype === 'vnd.google.protobuf' && isFamilies) return { protobuf: true, escaping };
    if (type === 'text' && subtype === 'plain' && ['', '0.0.4'].includes(parameters.get('version') ?? '')) break;
  }
  return { protobuf: false, escaping };
}
