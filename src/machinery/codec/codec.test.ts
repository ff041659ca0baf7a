import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { StatusError } from '../status-error.ts';
import {
  decodeProtobuf,
  encodeProtobuf,
  findDuplicateKeys,
  findDuplicateYamlKeys,
  JsonSyntaxError,
  loadProtobufSchema,
  ProtobufError,
  parseJson,
  parseYaml,
  parseYamlDocuments,
  protobufPrefix,
  toYaml,
} from './index.ts';
import { describeSyntaxError } from './json.ts';
import { WireWriter } from './wire.ts';

const schema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/protobuf.json', import.meta.url), 'utf8')));

/** Bodies that kubectl 1.33 sent for `create deployment|service nodeport|pdb|ingress|priorityclass`. */
const bodies = {
  deployment:
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAMSDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
  service:
    'azhzAAoNCgJ2MRIHU2VydmljZRJlCh0KAm5wEgAaACIAKgAyADgAQgBaCQoDYXBwEgJucBJAChsKBzgwLTgwODASA1RDUBhQIgcIABCQPxoAKAASCQoDYXBwEgJucBoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA',
  podDisruptionBudget:
    'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSOAoRCgFwEgAaACIAKgAyADgAQgASFwoJCAEQABoDNTAlEgoKCAoDYXBwEgF4GgoIABgAIAAoADAAGgAiAA==',
  ingress: 'azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxJAChEKAWkSABoAIgAqADIAOABCABInGiUKA2EuYhIeChwKGgoCL2MSDSILCgNzdmMSBAoAEFAaBUV4YWN0GgIKABoAIgA=',
  priorityClass: 'azhzAAolChRzY2hlZHVsaW5nLms4cy5pby92MRINUHJpb3JpdHlDbGFzcxIwChIKAmhpEgAaACIAKgAyADgAQgAQABgAIgAqFFByZWVtcHRMb3dlclByaW9yaXR5GgAiAA==',
};

const hasMessage = (apiVersion: string, kind: string): boolean => schema.messageFor(apiVersion, kind) !== undefined;
const decode = (base64: string): unknown => decodeProtobuf(schema, Buffer.from(base64, 'base64')).object;

test('a deployment of kubectl decodes to what its JSON would be: no zero values, inlined structs in place', () => {
  expect(decode(bodies.deployment)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }] },
      },
      strategy: {},
    },
    status: {},
  });
  expect(decode(bodies.ingress)).toMatchObject({
    spec: { rules: [{ host: 'a.b', http: { paths: [{ path: '/c', pathType: 'Exact', backend: { service: { name: 'svc', port: { number: 80 } } } }] } }] },
  });
});

test('numbers or strings, and zeros of required fields, decode as JSON has them', () => {
  expect(decode(bodies.service)).toMatchObject({ spec: { type: 'NodePort', ports: [{ name: '80-8080', port: 80, protocol: 'TCP', targetPort: 8080 }] } });
  expect(decode(bodies.podDisruptionBudget)).toMatchObject({ spec: { minAvailable: '50%' } });
  expect(decode(bodies.priorityClass)).toMatchObject({ value: 0, preemptionPolicy: 'PreemptLowerPriority' });
});

test('encoding gives back the very bytes that kubectl sent', () => {
  for (const [name, base64] of Object.entries(bodies))
    expect(Buffer.from(encodeProtobuf(schema, decode(base64) as object)).toString('base64'), name).toBe(base64);
});

test('special types survive the way there and back', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      creationTimestamp: '2026-01-02T03:04:05Z',
      deletionGracePeriodSeconds: 0,
      managedFields: [{ manager: 'm', time: '1969-12-31T23:59:59Z', fieldsV1: { 'f:spec': { '.': {} } } }],
    },
    spec: {
      automountServiceAccountToken: false,
      priority: -5,
      containers: [
        {
          name: 'a',
          resources: { limits: { cpu: '100m' } },
          env: [{ name: 'E', value: '' }],
          livenessProbe: { httpGet: { port: 'http', path: '/' }, failureThreshold: 3 },
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
    status: {},
  };
  const back = decodeProtobuf(schema, encodeProtobuf(schema, object));
  expect(back.kind).toBe('Pod');
  expect(back.object).toEqual({ ...object, spec: { ...object.spec, containers: [{ ...object.spec.containers[0], env: [{ name: 'E' }] }] } });
});

test('what is no protobuf body is refused in the words of Go', () => {
  const map = Buffer.from('azhzAAoPCgJ2MRIJQ29uZmlnTWFwEg==', 'base64');
  const holding = (...bytes: number[]): Buffer => Buffer.concat([map, Uint8Array.of(bytes.length, ...bytes)]);
  const huge = Array.from({ length: 9 }, () => 0xff);
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), 'empty data'],
    [protobufPrefix, 'empty body'],
    [Uint8Array.of(1, 2, 3, 4), 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]'],
    [Buffer.from(bodies.deployment, 'base64').subarray(0, 60), 'unexpected EOF'],
    [holding(0x0a, 0x09), 'unexpected EOF'],
    [holding(0x08, 0x01), 'proto: wrong wireType = 0 for field ObjectMeta'],
    [holding(0x22, 0x00, 0x20, 0x01, 0x11), 'proto: wrong wireType = 2 for field Immutable'],
    [holding(0x00, 0x01), 'proto: ConfigMap: illegal tag 0 (wire type 0)'],
    [holding(0x0c), 'proto: ConfigMap: wiretype end group for non-group'],
    [holding(0x7f), 'proto: illegal wireType 7'],
    [holding(0x7b, 0x08, 0x01), 'unexpected EOF'],
    [holding(0x0a, ...huge, 0x01), 'proto: negative length found during unmarshaling'],
    [holding(0x0a, ...huge, 0xff, 0x01), 'proto: integer overflow'],
    [
      Buffer.from('azhzAAoJCgJ2MRIDRm9v', 'base64'),
      'no kind "Foo" is registered for version "v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"',
    ],
  ];
  for (const [bytes, message] of cases) {
    expect(() => decodeProtobuf(schema, bytes), message).toThrow(ProtobufError);
    expect(() => decodeProtobuf(schema, bytes)).toThrow(message);
  }
});

test('unknown fields, groups among them, are passed over, and a body that does not say what it is counts as what is expected', () => {
  const group = Uint8Array.of(0x7b, 0x08, 0x01, 0x7c, 0x78, 0x05, 0x0a, 0x03, 0x0a, 0x01, 0x71);
  const body = Buffer.concat([protobufPrefix, Uint8Array.of(0x12, group.length), group]);
  expect(decodeProtobuf(schema, body, { apiVersion: 'v1', kind: 'ConfigMap' }).object).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'q' },
  });
});

test('a list of one field is a map where it holds structs, as the files of a downward API projection', () => {
  const sources = [{ downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } }];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { volumes: [{ name: 'v', projected: { sources } }] }, status: {} };
  expect(decodeProtobuf(schema, encodeProtobuf(schema, pod)).object).toEqual(pod);
});

test('objects inside objects inside objects end somewhere', () => {
  let bytes = encodeProtobuf(schema, { apiVersion: 'v1', kind: 'Namespace' });
  const part = (tag: number, content: Uint8Array): Buffer => {
    const writer = new WireWriter();
    writer.part(tag, content);
    return Buffer.from(writer.finish());
  };
  const list = Buffer.concat([protobufPrefix, part(1, Buffer.concat([part(1, Buffer.from('v1')), part(2, Buffer.from('List'))]))]);
  for (let level = 0; level < 3000; level++) bytes = Buffer.concat([list, part(2, part(2, part(1, bytes)))]);
  expect(() => decodeProtobuf(schema, bytes)).toThrow('proto: exceeded max depth');
});

test('kinds of other groups have no protobuf form, whatever they are called', () => {
  expect(() => encodeProtobuf(schema, { apiVersion: 'apps.example.com/v1', kind: 'Deployment' })).toThrow(StatusError);
  expect(hasMessage('apps/v1', 'Deployment')).toBe(true);
  expect(hasMessage('apps.example.com/v1', 'Deployment')).toBe(false);
  expect(hasMessage('apiextensions.k8s.io/v1', 'CustomResourceDefinition')).toBe(true);
});

test('broken JSON is described in the words of Go', () => {
  const cases: [string, string][] = [
    ['', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{a: 1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a": 1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{"a": nul}', "invalid character '}' in literal null (expecting 'l')"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['yaml: true', "invalid character 'y' looking for beginning of value"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['{\u00e9}', "invalid character 'Ã' looking for beginning of object key string"],
  ];
  for (const [text, message] of cases) {
    expect(() => parseJson(text), text).toThrow(JsonSyntaxError);
    expect(() => parseJson(text), text).toThrow(message);
  }
  expect(parseJson(new TextEncoder().encode('{"a":[1]}'))).toEqual({ a: [1] });
});

test('repeated keys are found with their path, however they are spelt', () => {
  const text = '{"spec": {"replicas": 1, "x": [{"a": "}"}, {"a": "\\"", "\\u0061": 2}], "replicas": 2, "replicas": 3}, "metadata": {"a": {}, "b": {}}}';
  expect(findDuplicateKeys(text)).toEqual(['duplicate field "spec.x[1].a"', 'duplicate field "spec.replicas"']);
  expect(findDuplicateKeys('[{"a":1},{"a":2}]')).toEqual([]);
});

test('YAML is read as Go reads it', () => {
  const text = 'on: yes\noctal: 010\nhex: 0x10\ndate: 2026-01-02\nquoted: "yes"\nnothing: ~\nbase: &b {a: 1}\nmerged: {<<: *b, c: 2}\n';
  expect(parseYaml(text)).toEqual({ true: true, octal: 8, hex: 16, date: '2026-01-02', quoted: 'yes', nothing: null, base: { a: 1 }, merged: { a: 1, c: 2 } });
  expect(parseYaml('{"a": [1, "b"]}')).toEqual({ a: [1, 'b'] });
  expect(parseYaml('---\na: 1\n')).toEqual({ a: 1 });
});

test('repeated keys in YAML are named, or the last one counts', () => {
  const text = 'spec:\n  replicas: 1\n  replicas: 2\n';
  expect(findDuplicateYamlKeys(text)).toEqual(['yaml: unmarshal errors:\n  line 3: key "replicas" already set in map']);
  expect(findDuplicateYamlKeys('a: 1')).toEqual([]);
  expect(parseYaml(text, { lastKeyWins: true })).toEqual({ spec: { replicas: 2 } });
  expect(() => parseYaml(text)).toThrow('error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key "replicas" already set in map');
});

test('what is no JSON is read as bytes, and those that are no character are shown by their number', () => {
  expect(describeSyntaxError(Uint8Array.of(0xc7, 0x1c))).toBe("invalid character 'Ç' looking for beginning of value");
  expect(describeSyntaxError(Uint8Array.of(0x81))).toBe("invalid character '\\u0081' looking for beginning of value");
});

test('of several YAML documents in a body the first one counts, whatever the others are', () => {
  for (const rest of ['---\nb: 2\n', '--- # more\nb: [\n', '...\n[', '---\na: 1\na: 2\n', '---']) {
    expect(parseYaml(`# first\n%YAML 1.1\n---\na: 1\n${rest}`)).toEqual({ a: 1 });
    expect(findDuplicateYamlKeys(`a: 1\n${rest}`)).toEqual([]);
  }
  expect(parseYaml('---\n---\nb: 2\n')).toBeNull();
  expect(parseYaml('a: |\n  x\n  ---\n  y\nb: --- c\n')).toEqual({ a: 'x\n---\ny\n', b: '--- c' });
});

test('YAML that is broken, repeated or too large is refused', () => {
  expect(() => parseYaml('a: 1\na: 2\n')).toThrow(StatusError);
  expect(() => parseYaml('a: [1')).toThrow(StatusError);
  expect(() => parseYaml('x'.repeat(3 * 1024 * 1024 + 1))).toThrow('Request entity too large: limit is 3145728');
  const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]', ...Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`)].join(
    '\n',
  );
  expect(() => parseYaml(bomb)).toThrow('alias');
  expect(parseYamlDocuments('a: 1\n---\n---\nb: 2\n')).toEqual([{ a: 1 }, { b: 2 }]);
});

test('answers in YAML sort, quote and fold as the library of Go does', () => {
  const object = {
    b: 'yes',
    a: [{ n: 1, m: '1' }],
    c: {},
    d: null,
    t: '2026-01-02T03:04:05Z',
    e: '',
    q: 'a: b',
    s: ['x\ny\n', '- z'],
    w: `${'word '.repeat(20)}end`,
    v: 'tab\t',
  };
  expect(toYaml(object)).toBe(
    [
      'a:',
      '- m: "1"',
      '  "n": 1',
      'b: "yes"',
      'c: {}',
      'd: null',
      'e: ""',
      "q: 'a: b'",
      's:',
      '- |',
      '  x',
      '  y',
      "- '- z'",
      't: "2026-01-02T03:04:05Z"',
      'v: "tab\\t"',
      `w: ${'word '.repeat(16).trim()}`,
      '  word word word word end',
      '',
    ].join('\n'),
  );
  expect(parseYaml(toYaml(object))).toEqual(object);
});
