import { resolve } from 'node:path';
import type { DescribedBehaviour, DescribedImage, DescribedLog, DescribedMemory } from '../../src/runtime/index.ts';
// Not by way of the index: a command line that only reads its flags has no need of images.
import { parseReference } from '../../src/runtime/reference.ts';
import { parseBytes } from '../../src/runtime/size.ts';

/** An image as the file describes it: what its module does is known once that is loaded. */
export interface ConfiguredImage extends Omit<DescribedImage, 'program'> {
  /** Absolute path of a module whose default export is the program. */
  readonly module?: string;
}

/** What the checks need of the file's reader. */
export interface FieldChecks {
  mapping(value: unknown, path: string, known?: readonly string[]): Record<string, unknown> | undefined;
  wrong(path: string, value: unknown, mend: string): void;
}

export const imagesMax = 200;
const scriptBytesMax = 256 * 1024;

/** Reads the file's `images`: descriptions that become images of the simulated registries. */
export function readImages(checks: FieldChecks, value: unknown, folder: string): readonly ConfiguredImage[] | undefined {
  if (!Array.isArray(value) || value.length > imagesMax) {
    checks.wrong('images', value, `write a list of at most ${imagesMax} images, such as "- name: registry.example.com/shop/cart:1.0"`);
    return undefined;
  }
  const images = value.flatMap((one, index) => readImage(checks, one, `images[${index}]`, folder) ?? []);
  const repositories = images.map(({ name }) => parseReference(name).repository);
  const twice = repositories.find((name, index) => repositories.indexOf(name) !== index);
  if (twice) checks.wrong('images', twice, 'describe each repository once, with all its tags');
  return images;
}

function readImage(checks: FieldChecks, value: unknown, path: string, folder: string): ConfiguredImage | undefined {
  const object = checks.mapping(value, path, ['name', 'tags', 'size', 'script', 'behaviour', 'module', 'credentials']);
  if (!object) return undefined;
  const { name, size, script, module } = object;
  if (typeof name !== 'string' || !isReference(name)) {
    checks.wrong(`${path}.name`, name, 'write an image reference such as registry.example.com/shop/cart:1.0');
    return undefined;
  }
  const tags = object.tags === undefined ? undefined : readTags(checks, object.tags, `${path}.tags`);
  const sizeBytes = parseBytes(size);
  if (size !== undefined && sizeBytes === undefined) checks.wrong(`${path}.size`, size, 'write bytes or a size such as 12Mi');
  if (script !== undefined && (typeof script !== 'string' || script.length > scriptBytesMax))
    checks.wrong(`${path}.script`, typeof script, 'write a shell script as text');
  if (module !== undefined && (typeof module !== 'string' || module === ''))
    checks.wrong(`${path}.module`, module, 'write the path of a JavaScript or TypeScript module whose default export is the program');
  const [first, second] = (['script', 'behaviour', 'module'] as const).filter((field) => object[field] !== undefined);
  if (second) checks.wrong(`${path}.${second}`, `a ${second} beside a ${first}`, 'use one of script, behaviour and module');
  const behaviour = object.behaviour === undefined ? undefined : readBehaviour(checks, object.behaviour, `${path}.behaviour`);
  const credentials = object.credentials === undefined ? undefined : readCredentials(checks, object.credentials, `${path}.credentials`);
  return {
    name,
    ...(tags ? { tags } : {}),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(typeof script === 'string' ? { script } : {}),
    ...(behaviour ? { behaviour } : {}),
    ...(typeof module === 'string' ? { module: resolve(folder, module) } : {}),
    ...(credentials ? { credentials } : {}),
  };
}

function isReference(text: string): boolean {
  try {
    return parseReference(text).digest === undefined;
  } catch {
    return false;
  }
}

function readTags(checks: FieldChecks, value: unknown, path: string): readonly string[] | undefined {
  const good = (one: unknown) => (typeof one === 'string' || typeof one === 'number') && /^\w[\w.-]{0,127}$/.test(String(one));
  if (Array.isArray(value) && value.length > 0 && value.every(good)) return value.map(String);
  checks.wrong(path, value, 'write a list of tags, the newest first, such as ["1.1", latest]');
  return undefined;
}

function readCredentials(checks: FieldChecks, value: unknown, path: string): DescribedImage['credentials'] {
  const object = checks.mapping(value, path, ['username', 'password']);
  if (!object) return undefined;
  for (const key of ['username', 'password'])
    if (typeof object[key] !== 'string' || object[key] === '') checks.wrong(`${path}.${key}`, object[key], 'write a text in quotes');
  return { username: String(object.username), password: String(object.password) };
}

function readBehaviour(checks: FieldChecks, value: unknown, path: string): DescribedBehaviour | undefined {
  const known = ['startSeconds', 'ports', 'grpcPorts', 'logs', 'exitCode', 'exitAfterSeconds', 'memory', 'failEvery'];
  const object = checks.mapping(value, path, known);
  if (!object) return undefined;
  const startSeconds = readNumber(checks, object.startSeconds, `${path}.startSeconds`, seconds);
  const exitAfterSeconds = readNumber(checks, object.exitAfterSeconds, `${path}.exitAfterSeconds`, seconds);
  const exitCode = readNumber(checks, object.exitCode, `${path}.exitCode`, { min: 0, max: 255, whole: true, mend: 'write a whole number from 0 to 255' });
  const failEvery = readNumber(checks, object.failEvery, `${path}.failEvery`, { min: 1, max: 1e6, whole: true, mend: 'write a whole number from 1' });
  if (exitCode !== undefined && exitAfterSeconds === undefined)
    checks.wrong(`${path}.exitAfterSeconds`, undefined, 'say when the program ends with that exit code; 0 is at once');
  const list = <T>(field: string, read: (one: unknown, at: string) => T | undefined): readonly T[] | undefined => {
    const items = object[field];
    if (items === undefined) return undefined;
    if (Array.isArray(items)) return items.flatMap((one, index) => read(one, `${path}.${field}[${index}]`) ?? []);
    checks.wrong(`${path}.${field}`, items, 'write a list');
    return undefined;
  };
  const port = (one: unknown, at: string) => readNumber(checks, one, at, { min: 1, max: 65_535, whole: true, mend: 'write a port from 1 to 65535' });
  const ports = list('ports', port);
  const grpcPorts = list('grpcPorts', port);
  const logs = list('logs', (one, at) => readLog(checks, one, at));
  const memory = list('memory', (one, at) => readMemory(checks, one, at));
  return {
    ...(startSeconds === undefined ? {} : { startSeconds }),
    ...(exitAfterSeconds === undefined ? {} : { exitAfterSeconds }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(failEvery === undefined ? {} : { failEvery }),
    ...(ports ? { ports } : {}),
    ...(grpcPorts ? { grpcPorts } : {}),
    ...(logs ? { logs } : {}),
    ...(memory ? { memory } : {}),
  };
}

interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
  readonly mend: string;
}

const seconds: NumberRule = { min: 0, max: 1e9, mend: 'write seconds, 0 or more' };

function readNumber(checks: FieldChecks, value: unknown, path: string, rule: NumberRule): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= rule.min && value <= rule.max && (!rule.whole || Number.isInteger(value))) return value;
  checks.wrong(path, value, rule.mend);
  return undefined;
}

function readLog(checks: FieldChecks, value: unknown, path: string): DescribedLog | undefined {
  if (typeof value === 'string') return { text: value };
  const object = checks.mapping(value, path, ['text', 'afterSeconds', 'everySeconds', 'stream']);
  if (!object) return undefined;
  if (typeof object.text !== 'string') checks.wrong(`${path}.text`, object.text, 'write the line as a text');
  if (object.stream !== undefined && object.stream !== 'stdout' && object.stream !== 'stderr')
    checks.wrong(`${path}.stream`, object.stream, 'use stdout or stderr');
  const afterSeconds = readNumber(checks, object.afterSeconds, `${path}.afterSeconds`, seconds);
  const everySeconds = readNumber(checks, object.everySeconds, `${path}.everySeconds`, { min: 0.01, max: 1e9, mend: 'write seconds, 0.01 or more' });
  return { text: String(object.text), afterSeconds, everySeconds, stream: object.stream === 'stderr' ? 'stderr' : 'stdout' };
}

function readMemory(checks: FieldChecks, value: unknown, path: string): DescribedMemory | undefined {
  const object = checks.mapping(value, path, ['atSeconds', 'bytes']);
  if (!object) return undefined;
  const atSeconds = readNumber(checks, object.atSeconds ?? 0, `${path}.atSeconds`, seconds);
  const bytes = parseBytes(object.bytes);
  if (bytes === undefined) checks.wrong(`${path}.bytes`, object.bytes, 'write bytes or a size such as 64Mi');
  return atSeconds === undefined || bytes === undefined ? undefined : { atSeconds, bytes };
}
