import { expect, test } from 'vitest';
import type { Exposed } from './families.ts';
import { protobufFormat } from './protobuf-format.ts';
import { textFormat } from './text-format.ts';

const families: readonly Exposed[] = [
  {
    name: 'took_seconds',
    help: 'One line.\nTwo \\ lines.',
    type: 'histogram',
    samples: [{ labels: { verb: 'GET' }, value: 1_500_000, histogram: { bounds: [0.5, 1e6], buckets: [1, 2], sum: 0.00001 } }],
  },
  { name: 'empty', help: '', type: 'counter', samples: [] },
  {
    name: 'depth',
    help: 'How deep.',
    type: 'gauge',
    samples: [
      { labels: { name: 'b', kind: 'x' }, value: -2_000_000 },
      { labels: { name: 'a', kind: 'x' }, value: 3, timeMs: 1234.4 },
      { labels: { name: 'z', kind: 'a "b"' }, value: Number.NaN },
    ],
  },
];

test('text is in order of names and of labels, with floats and bounds as Go writes them', () => {
  expect(textFormat(families).split('\n')).toEqual([
    '# HELP depth How deep.',
    '# TYPE depth gauge',
    'depth{kind="a \\"b\\"",name="z"} NaN',
    'depth{kind="x",name="a"} 3 1234',
    'depth{kind="x",name="b"} -2e+06',
    '# HELP took_seconds One line.\\nTwo \\\\ lines.',
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{verb="GET",le="0.5"} 1',
    'took_seconds_bucket{verb="GET",le="1e+06"} 3',
    'took_seconds_bucket{verb="GET",le="+Inf"} 1.5e+06',
    'took_seconds_sum{verb="GET"} 1e-05',
    'took_seconds_count{verb="GET"} 1.5e+06',
    '',
  ]);
});

test('in protobuf each family comes with its length before it', () => {
  const [, histogram] = [families[1], families[0]];
  const bytes = Buffer.from(protobufFormat([histogram as Exposed]));
  expect(bytes[0]).toBe(bytes.length - 1);
  const double = (value: number) => {
    const one = Buffer.alloc(8);
    one.writeDoubleLE(value);
    return one.toString('hex');
  };
  const label = `0a0b${hex('0a04')}${Buffer.from('verb').toString('hex')}1203${Buffer.from('GET').toString('hex')}`;
  const buckets = `1a0b080111${double(0.5)}1a0b080311${double(1e6)}`;
  expect(bytes.toString('hex')).toContain(`1804${hex('2236')}${label}${hex('3a27')}08e0c65b11${double(0.00001)}${buckets}`);
});

const hex = (text: string): string => text;
