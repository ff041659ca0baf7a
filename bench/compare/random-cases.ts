import type { DescribedMap } from '../../test/fuzz/support/random-object.ts';
import { Dice, describedMaps, randomObject, randomValue } from '../../test/fuzz/support/random-object.ts';
import type { CompareCase, CompareRequest } from './case.ts';
import type { SampleKind } from './cases/objects.ts';
import { sample, sampleKinds } from './cases/objects.ts';

type Json = Record<string, unknown>;

/** What is wrong with most objects that people write: a field of the wrong type, empty, out of range, or nonsense. */
const wrongValues: readonly unknown[] = [
  null,
  '',
  'a',
  'A b',
  '-',
  'a_b',
  'example.com/x',
  'x'.repeat(64),
  'x'.repeat(254),
  'é',
  '1',
  '10.0.0.1',
  'fd00::1',
  '256.1.1.1',
  '/',
  '../a',
  '/a/../b',
  'a:b',
  '$(A)',
  '100m',
  '-1',
  '1.5',
  '50%',
  '0%',
  '101%',
  'true',
  'None',
  'Always',
  'ClusterIP',
  '2026-01-01T00:00:00Z',
  '* * * * *',
  'AAAA',
  '!',
  '\n',
  'kubernetes.io/x',
  0,
  1,
  -1,
  2,
  80,
  65_536,
  2 ** 31,
  1.5,
  true,
  false,
  {},
  [],
  [''],
  ['a', 'a'],
  [null],
  [{}],
  { a: 'b' },
  { '': '' },
  { a: null },
];

interface Place {
  readonly path: string;
  readonly holder: Json | unknown[];
  readonly key: string | number;
}

/** Every place in a document that can be written to, but for its type. */
function places(value: unknown, path = '', found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, one] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    if (path === '' && (key === 'apiVersion' || key === 'kind')) continue;
    const at = typeof key === 'number' ? `${path}[${key}]` : path ? `${path}.${key}` : key;
    found.push({ path: at, holder: value as Json, key });
    places(one, at, found);
  }
  return found;
}

/** What is stored of these changes how the other server answers everybody: they are only tried dry. */
const dryOnly = /^(admissionregistration|apiregistration|apiextensions|flowcontrol)|^v1 Namespace| ServiceCIDR$/;

/** Names under which objects are stored or found are left as they are, so that both servers can do as asked. */
const isKept = ({ path }: { readonly path: string }): boolean => /^metadata(\.name|\.namespace|\.resourceVersion)?$/.test(path);

const groupVersionKind = ({ apiVersion, kind }: SampleKind) => {
  const [group = '', version = apiVersion] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return { group, version, kind };
};

/** Breaks (or adds to) an object in place, and says what has been done to it. */
function change(object: Json, kind: SampleKind, dice: Dice): string {
  const all = places(object).filter((one) => !isKept(one));
  const action = dice.roll(10);
  if (action < 4) {
    const maps = describedMaps(groupVersionKind(kind), object).filter(({ path }) => path !== '');
    const added = addField(maps, dice);
    if (added) return added;
  }
  if (all.length === 0) return 'nothing';
  const { path, holder, key } = dice.pick(all);
  if (action < 8) {
    const value = structuredClone(dice.pick(wrongValues));
    (holder as Json)[key] = value;
    return `${path} = ${JSON.stringify(value).slice(0, 60)}`;
  }
  if (action === 8 && Array.isArray(holder)) {
    holder.push(structuredClone(holder[Number(key)]));
    return `${path} twice`;
  }
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return `without ${path}`;
}

function addField(maps: readonly DescribedMap[], dice: Dice): string | undefined {
  if (maps.length === 0) return undefined;
  const { path, map, properties } = dice.pick(maps);
  const free = Object.keys(properties).filter((name) => !(name in map) && !isKept({ path: `${path}.${name}` }));
  if (free.length === 0) return undefined;
  const name = dice.pick(free);
  map[name] = randomValue(properties[name]!, dice, 4);
  return `${path}.${name} added`;
}

/**
 * Cases that nobody has thought of: objects of the sample kinds with one or two things changed, created, put over a stored object, and patched.
 * The same seed makes the same cases.
 */
export function* randomCases(seed: number, only: string): Generator<CompareCase> {
  const kinds = sampleKinds.filter(({ apiVersion, kind }) => `${apiVersion} ${kind}`.includes(only));
  if (kinds.length === 0)
    throw new Error(`No sample kind's name holds "${only}": ${sampleKinds.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).join(', ')}`);
  for (let index = 0; ; index += 1) {
    const dice = new Dice((Math.imul(seed, 1_000_003) + index) | 0);
    const kind = dice.pick(kinds);
    const base = sample(kind, dice.roll(3) === 0 ? 'minimal' : 'rich');
    const object = structuredClone(base) as unknown as Json;
    const changes = [change(object, kind, dice)];
    if (dice.roll(4) === 0) changes.push(change(object, kind, dice));
    if (dice.roll(12) === 0) {
      Object.assign(object, randomObject(groupVersionKind(kind), dice), { metadata: structuredClone(base.metadata) });
      changes.splice(0, 2, 'at random');
    }
    yield { name: `${index} ${kind.apiVersion} ${kind.kind}: ${changes.join(', ')}`, requests: requestsFor(kind, object, dice) };
  }
}

function requestsFor(kind: SampleKind, object: Json, dice: Dice): CompareRequest[] {
  const { metadata } = sample(kind, 'minimal');
  const one = `${kind.path}/${metadata.name}`;
  const check = ['', '&fieldValidation=Strict', '&fieldValidation=Ignore'][Math.min(2, dice.roll(6))] as string;
  if (dice.roll(3) < 2 || dryOnly.test(`${kind.apiVersion} ${kind.kind}`)) return [{ method: 'POST', path: `${kind.path}?dryRun=All${check}`, body: object }];
  const stored = sample(kind, dice.roll(2) ? 'minimal' : 'rich');
  const write: CompareRequest[] = [
    { method: 'PUT', path: `${one}?${check.slice(1)}`, body: object },
    { method: 'PATCH', path: `${one}?${check.slice(1)}`, body: withoutHead(object), contentType: 'application/merge-patch+json' },
    { method: 'PATCH', path: `${one}?${check.slice(1)}`, body: withoutHead(object), contentType: 'application/strategic-merge-patch+json' },
    { method: 'PATCH', path: `${one}?fieldManager=applier&force=${dice.roll(2) === 1}${check}`, body: object, contentType: 'application/apply-patch+yaml' },
    { method: 'PATCH', path: `${one}/status?${check.slice(1)}`, body: withoutHead(object), contentType: 'application/merge-patch+json' },
  ];
  return [
    { method: 'POST', path: kind.path, body: stored },
    dice.pick(write),
    { method: 'GET', path: one },
    { method: 'PATCH', path: one, body: { metadata: { finalizers: null } }, contentType: 'application/merge-patch+json' },
    { method: 'DELETE', path: `${one}?gracePeriodSeconds=0&propagationPolicy=Background` },
  ];
}

const withoutHead = ({ apiVersion: _, kind: __, ...body }: Json): Json => body;
