import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { customResourceSchema, loadSchema } from '../schema/index.ts';
import type { AnyObject, KubeObject } from '../types.ts';
import { createdSet } from './compare.ts';
import { FieldManager } from './field-manager.ts';
import type { FieldSet } from './field-set.ts';
import {
  difference,
  emptySet,
  equalSets,
  includes,
  intersection,
  isEmpty,
  isWritten,
  parseFieldSet,
  pathsOf,
  recursiveDifference,
  setOf,
  union,
} from './field-set.ts';
import { fieldTypes } from './field-type.ts';
import { mergeObjects } from './merge-objects.ts';
import { compareElements, showPath } from './path-element.ts';
import { reconciled, toFieldSet } from './to-field-set.ts';

const schema = loadSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/defs.json', import.meta.url), 'utf8')));
const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
const types = fieldTypes(schema);
const podType = types.rootOf({ ...kind, kind: 'Pod' });

const set = (...paths: string[]): FieldSet => paths.reduce<FieldSet>((all, path) => union(all, setOf(path.split('/'))), emptySet);
const paths = (fields: FieldSet): string[] => [...pathsOf(fields)].map((path) => path.join('/'));

/** Repeatable numbers for property tests. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('sets of fields', () => {
  it('are written in the order of kinds, then of content', () => {
    const fields = parseFieldSet({
      'i:2': {},
      'v:"b"': {},
      'k:{"name":"b"}': {},
      'f:b': { '.': {}, 'f:c': {} },
      'k:{"name":"a"}': {},
      'f:a': {},
      'i:10': {},
      'v:1': {},
    });
    expect(JSON.stringify(fields)).toBe(
      JSON.stringify({ 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} }, 'k:{"name":"a"}': {}, 'k:{"name":"b"}': {}, 'v:1': {}, 'v:"b"': {}, 'i:2': {}, 'i:10': {} }),
    );
    expect(compareElements('k:{"containerPort":80,"protocol":"TCP"}', 'k:{"containerPort":443,"protocol":"TCP"}')).toBeLessThan(0);
  });

  it('include each other member by member, and are known again as a client writes them', () => {
    const all = set('f:a', 'f:a/f:b', 'f:c/k:{"name":"x"}');
    expect(includes(all, set('f:a/f:b'))).toBe(true);
    expect(includes(all, set('f:c'))).toBe(false);
    expect(includes(set('f:a/f:b'), all)).toBe(false);
    expect(includes(all, emptySet)).toBe(true);
    expect(isWritten(all, JSON.parse('{"f:c":{"k:{\\"name\\":\\"x\\"}":{}},"f:a":{"f:b":{},".":{}}}'))).toBe(true);
    for (const other of [null, 1, [], {}, { 'f:a': null, 'f:c': {} }, { ...all, 'f:d': {} }, JSON.parse('{"__proto__":{}}')])
      expect(isWritten(all, other)).toBe(false);
  });

  it('are the same for a new object whether or not one that looked alike came before', () => {
    const pod = (change: object): object => ({
      metadata: { name: 'x', labels: { a: 'b' } },
      spec: { containers: [{ name: 'a', env: [{ name: 'E' }, { name: 'F' }], ports: [{ containerPort: 80, protocol: 'TCP' }] }], ...change },
    });
    const objects = [
      pod({}),
      pod({ hostNetwork: true }),
      pod({ volumes: [] }),
      pod({ volumes: null }),
      pod({ tolerations: [{ key: 'a' }] }),
      pod({ containers: [{ name: 'a' }, { name: 'a' }] }),
      pod({ containers: [{ name: 'b' }] }),
      pod({ containers: [] }),
      pod({ nodeSelector: { x: 'y' } }),
      { metadata: {} },
      { metadata: { labels: {} } },
      {},
    ];
    for (const before of objects) {
      const hint = createdSet(podType, before);
      for (const object of objects) expect(JSON.stringify(createdSet(podType, object, emptySet, hint))).toBe(JSON.stringify(createdSet(podType, object)));
      expect(createdSet(podType, structuredClone(before), emptySet, hint)).toBe(hint);
    }
  });

  it('drop elements of unknown kinds, and are none if an element cannot be read', () => {
    expect(parseFieldSet({ 'x:new': {}, 'f:a': {} })).toEqual({ 'f:a': {} });
    expect(parseFieldSet({ a: {} })).toBeUndefined();
    expect(parseFieldSet({ 'k:{': {} })).toBeUndefined();
    expect(parseFieldSet({ 'f:a': 1 })).toBeUndefined();
  });

  it('keep what is below a field when only the field itself is taken away', () => {
    const all = set('f:a', 'f:a/f:b', 'f:c');
    expect(difference(all, set('f:a'))).toEqual({ 'f:a': { 'f:b': {} }, 'f:c': {} });
    expect(recursiveDifference(all, set('f:a'))).toEqual({ 'f:c': {} });
    expect(isEmpty(difference(all, all))).toBe(true);
  });

  it('obey the laws of sets', () => {
    const pick = numbers(7);
    const some = (): FieldSet => {
      const names = Array.from({ length: pick(8) }, () => Array.from({ length: 1 + pick(3) }, () => `f:${'abc'[pick(3)]}`).join('/'));
      return set(...names);
    };
    for (let round = 0; round < 100; round += 1) {
      const [a, b] = [some(), some()];
      const [left, right] = [new Set(paths(a)), new Set(paths(b))];
      expect(new Set(paths(union(a, b)))).toEqual(new Set([...left, ...right]));
      expect(new Set(paths(intersection(a, b)))).toEqual(new Set([...left].filter((path) => right.has(path))));
      expect(new Set(paths(difference(a, b)))).toEqual(new Set([...left].filter((path) => !right.has(path))));
      expect(equalSets(union(difference(a, b), intersection(a, b)), a)).toBe(true);
      expect(JSON.stringify(union(a, b))).toBe(JSON.stringify(union(b, a)));
      expect(parseFieldSet(JSON.parse(JSON.stringify(a)))).toEqual(a);
    }
  });

  it('show their paths as messages have them', () => {
    expect(showPath(['f:spec', 'k:{"containerPort":80,"protocol":"TCP"}', 'v:"x"', 'i:0'])).toBe('.spec[containerPort=80,protocol="TCP"][="x"][0]');
  });
});

describe('along the schema', () => {
  it('owns atomic lists and maps as a whole, and items by their keys with defaults filled in', () => {
    const spec = { nodeSelector: { a: 'b' }, tolerations: [{ key: 'k' }], containers: [{ name: 'c', command: ['x'], ports: [{ containerPort: 80 }] }] };
    expect(toFieldSet(podType, { spec })).toEqual({
      'f:spec': {
        'f:containers': {
          'k:{"name":"c"}': {
            '.': {},
            'f:command': {},
            'f:name': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
          },
        },
        'f:nodeSelector': {},
        'f:tolerations': {},
      },
    });
  });

  it('leaves whoever owns an empty map with that: what comes into it belongs to others', () => {
    const owned = parseFieldSet({ 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:resources': {} } } } }) as FieldSet;
    expect(reconciled(owned, podType)).toBe(owned);
  });

  it('gives whoever owns parts of what is atomic the whole', () => {
    const owned = parseFieldSet({ 'f:spec': { 'f:nodeSelector': { 'f:a': {} }, 'f:nodeName': {} } }) as FieldSet;
    const whole = { 'f:spec': { 'f:nodeSelector': {}, 'f:nodeName': {} } };
    expect(reconciled(owned, podType)).toEqual(whole);
  });

  it('counts an empty map and a null as owned, an empty list not', () => {
    const config = { metadata: { labels: {} }, spec: { containers: [], affinity: null, securityContext: {}, overhead: {} } };
    expect(toFieldSet(podType, config)).toEqual({
      'f:metadata': { 'f:labels': {} },
      'f:spec': { 'f:affinity': {}, 'f:securityContext': {}, 'f:overhead': {} },
    });
  });

  it('merges items in the order of the configuration, others where they stood', () => {
    const containers = (...names: string[]) => ({ spec: { containers: names.map((name) => ({ name })) } });
    expect(mergeObjects(podType, containers('a', 'b', 'c'), containers('c', 'a', 'x'))).toEqual(containers('b', 'c', 'a', 'x'));
    expect(mergeObjects(podType, containers('a', 'b'), containers('x'))).toEqual(containers('a', 'b', 'x'));
  });
});

describe('custom resources', () => {
  const widget = { group: 'example.com', version: 'v1', kind: 'Widget' };
  const manage = (own: typeof schema): FieldManager => {
    const type = fieldTypes(own).rootOf(widget);
    return new FieldManager({
      apiVersion: 'example.com/v1',
      kind: widget,
      subresource: '',
      version: () => ({ type, ignored: emptySet, convert: (object) => object }),
    });
  };
  const object = (spec: object): AnyObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', labels: { l: '1' } }, spec });
  const parts = { type: 'object', properties: { name: { type: 'string' }, count: { type: 'integer', default: 1 } } };
  const spec = {
    type: 'object',
    properties: { size: { type: 'integer' }, parts: { type: 'array', items: parts, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] } },
  } as const;

  it('are owned along their own schema', () => {
    const manager = manage(customResourceSchema(widget, { type: 'object', properties: { spec } }, schema));
    const first = manager.apply(undefined, object({ size: 1, parts: [{ name: 'a', count: 2 }] }), { manager: 'a', now: 0, force: false }).object;
    const second = manager.apply(first, object({ parts: [{ name: 'b' }] }), { manager: 'b', now: 0, force: false }).object as AnyObject;
    expect(second.spec).toEqual({ size: 1, parts: [{ name: 'a', count: 2 }, { name: 'b' }] });
    expect(() => manager.apply(second, object({ size: 2, parts: [{ name: 'a', count: 3 }] }), { manager: 'b', now: 0, force: false })).toThrow(
      'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.size\n- .spec.parts[name="a"].count',
    );
  });

  it('need every key of a list that has no default', () => {
    const manager = manage(customResourceSchema(widget, { type: 'object', properties: { spec } }, schema));
    expect(() => manager.apply(undefined, object({ parts: [{ count: 2 }] }), { manager: 'a', now: 0, force: false })).toThrow(
      '.spec.parts: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    );
  });

  it('whose schema is not known are owned by what they hold', () => {
    const created = object({ size: 1, parts: [{ name: 'a' }] });
    manage(schema).update(undefined, created, { manager: 'm', now: 0 });
    expect(created.metadata?.managedFields?.[0]?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } },
      'f:spec': { '.': {}, 'f:parts': {}, 'f:size': {} },
    });
  });
});

describe('a field manager', () => {
  const own = types.rootOf(kind);
  const make = (): FieldManager =>
    new FieldManager({
      apiVersion: 'v1',
      kind,
      subresource: '',
      version: (apiVersion) => (apiVersion === 'v1' ? { type: own, ignored: emptySet, convert: (object) => object } : undefined),
    });
  const config = (data: Record<string, string>): AnyObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data });
  const withUid = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, uid: 'u' } });
  const ownersOf = (object: KubeObject) => Object.fromEntries((object.metadata?.managedFields ?? []).map((entry) => [entry.manager, entry.fieldsV1]));

  it('shares the owners of objects that look alike', () => {
    const manager = make();
    const [first, second] = [config({ a: '1' }), config({ a: '2' })];
    manager.update(undefined, first, { manager: 'm', now: 0 });
    manager.update(undefined, second, { manager: 'm', now: 0 });
    expect(second.metadata?.managedFields?.[0]?.fieldsV1).toBe(first.metadata?.managedFields?.[0]?.fieldsV1);
  });

  it('drops entries of versions that are no longer served', () => {
    const live = withUid(config({ a: '1' }));
    live.metadata!.managedFields = [
      { manager: 'old', operation: 'Update', apiVersion: 'v0', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } as never },
      { manager: 'new', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } as never },
    ];
    const next = withUid(config({ a: '1', b: '1' }));
    make().update(live, next, { manager: 'm', now: 0 });
    expect(Object.keys(ownersOf(next))).toEqual(['m', 'new']);
  });

  it('keeps what is stored when a request sends managedFields that cannot be read', () => {
    const live = withUid(config({ a: '1' }));
    make().update(undefined, live, { manager: 'm', now: 0 });
    const next = { ...withUid(config({ a: '1' })) };
    next.metadata = { ...next.metadata, managedFields: [{ manager: 'x', operation: 'Nonsense' as never }] };
    make().update(live, next, { manager: 'n', now: 9000 });
    expect(next.metadata.managedFields).toEqual(live.metadata?.managedFields);
  });

  it('ends, whatever several managers applied before, with what the last apply says and nothing it has withdrawn', () => {
    const pick = numbers(11);
    const some = (): Record<string, string> => Object.fromEntries(Array.from({ length: 1 + pick(3) }, () => ['abcd'[pick(4)]!, String(pick(2))]));
    for (let round = 0; round < 80; round += 1) {
      const manager = make();
      const last = new Map<string, Record<string, string>>();
      // Without data: whoever owned the empty map would come to own what is put into it, one write later.
      let live = withUid({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', labels: { l: '1' } } });
      manager.update(undefined, live, { manager: 'creator', now: 0 });
      for (let step = 0; step < 6; step += 1) {
        const [name, data] = [['x', 'y'][pick(2)]!, some()];
        const before = live as AnyObject & { data?: Record<string, string> };
        const applied = manager.apply(live, config(data), { manager: name, now: step * 1000, force: true }).object;
        const after = (applied as AnyObject).data as Record<string, string> | undefined;
        expect(after ?? {}).toMatchObject(data);
        const other = last.get(name === 'x' ? 'y' : 'x') ?? {};
        for (const key of Object.keys(last.get(name) ?? {})) {
          // A key that was withdrawn is gone, unless the other applier still owns it.
          const shared = key in other && ((ownersOf(before)[name === 'x' ? 'y' : 'x'] as unknown as FieldSet | undefined)?.['f:data']?.[`f:${key}`] ?? false);
          if (!(key in data) && !shared) expect(after ?? {}).not.toHaveProperty(key);
        }
        const again = manager.apply(applied, config(data), { manager: name, now: 99_000, force: true });
        expect(again.changed).toBe(false);
        expect(again.object).toEqual(applied);
        last.set(name, data);
        live = applied;
      }
    }
  });
});
