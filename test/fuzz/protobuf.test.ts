import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testServer } from '../../src/apiserver/testing/test-server.ts';
import { decodeProtobuf, encodeProtobuf, loadProtobufSchema, ProtobufError } from '../../src/machinery/codec/index.ts';
import { randomMessage } from './support/random-message.ts';
import { Dice } from './support/random-object.ts';
import { check, fuzzTimeoutMs } from './support/run.ts';
import { servedResources } from './support/session.ts';

const schema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../generated/schema/protobuf.json', import.meta.url), 'utf8')));
const kinds = (await servedResources(testServer())).flatMap(({ group, version, kind }) => {
  const apiVersion = group ? `${group}/${version}` : version;
  return [kind, `${kind}List`].map((one) => ({ apiVersion, kind: one }));
});

function randomKind({ apiVersion, kind }: (typeof kinds)[number], seed: number): object {
  const message = schema.messageFor(apiVersion, kind);
  if (!message) throw new Error(`${apiVersion} ${kind} has no protobuf form`);
  return { apiVersion, kind, ...(randomMessage(schema, message.name, new Dice(seed), 7) as object) };
}

test('every object of every built-in kind is the same in JSON and in protobuf', { timeout: fuzzTimeoutMs }, async () => {
  expect(kinds.map((one) => one.kind)).toEqual(expect.arrayContaining(['Pod', 'CustomResourceDefinition', 'APIServiceList', 'EndpointSlice']));
  for (const kind of kinds) for (let seed = 0; seed < 5; seed += 1) checkKind(kind, seed);
  await check(fc.tuple(fc.constantFrom(...kinds), fc.nat()), 200, async ([kind, seed]) => checkKind(kind, seed));
});

function checkKind(kind: (typeof kinds)[number], seed: number): void {
  const object = randomKind(kind, seed);
  const bytes = encodeProtobuf(schema, object);
  expect(decodeProtobuf(schema, bytes).object, `${kind.apiVersion} ${kind.kind} of ${seed}`).toEqual(object);
}

test('bytes that are cut off, changed or nonsense are read or refused, and nothing else', { timeout: fuzzTimeoutMs }, async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  await check(fc.tuple(fc.constantFrom(...kinds), fc.nat(), changes, fc.nat()), 300, async ([kind, seed, damage, end]) => {
    const whole = encodeProtobuf(schema, randomKind(kind, seed));
    const bytes = end % 2 === 0 ? whole : whole.slice(0, end % whole.length);
    for (const [at, byte] of damage) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    try {
      const { object } = decodeProtobuf(schema, bytes);
      // What was read can be answered with.
      decodeProtobuf(schema, encodeProtobuf(schema, object as { apiVersion: string; kind: string }));
    } catch (error) {
      expect(error).toBeInstanceOf(ProtobufError);
    }
  });
});
