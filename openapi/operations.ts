/** Reads the operations of the pinned client package: paths, methods, parameters, bodies and answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanComment } from './models.ts';

export interface QueryParameter {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'integer';
  readonly description: string;
}

export interface Operation {
  /** `readNamespacedPod`, without the group and version that upstream's ids carry. */
  readonly name: string;
  readonly path: string;
  /** Lower case. */
  readonly method: string;
  /** What upstream calls `x-kubernetes-action`: `list`, `get`, `post`, `put`, `patch`, `delete`, `deletecollection`, `connect`. */
  readonly action: string | undefined;
  readonly description: string;
  readonly query: readonly QueryParameter[];
  /** What is said of the parts of the path, by name. */
  readonly pathTexts: ReadonlyMap<string, string>;
  /** Model name of the body, if there is one. */
  readonly body: string | undefined;
  /** Model name of the answer, or `string`. */
  readonly response: string | undefined;
}

const actions: [RegExp, string][] = [
  [/^list/, 'list'],
  [/^read/, 'get'],
  [/^create/, 'post'],
  [/^replace/, 'put'],
  [/^patch/, 'patch'],
  [/^deleteCollection/, 'deletecollection'],
  [/^delete/, 'delete'],
  [/^connect/, 'connect'],
];

/** Every operation, in the order of the files; stale files of the package are left out. */
export function readOperations(generatedFolder: string): Operation[] {
  const index = readFileSync(join(generatedFolder, 'types/ObservableAPI.js'), 'utf8');
  const files = [...new Set([...index.matchAll(/^import .* from "\.\.\/(apis\/\w+Api\.js)"/gm)].map((match) => match[1] as string))].sort();
  return files.flatMap((file) => readFile(readFileSync(join(generatedFolder, file), 'utf8')));
}

function readFile(text: string): Operation[] {
  const split = text.indexOf('ApiResponseProcessor {');
  const responses = readResponses(text.slice(split));
  const out: Operation[] = [];
  for (const block of text.slice(0, split).split('\n    /**\n').slice(1)) {
    const name = /^ {4}async (\w+)\(/m.exec(block)?.[1];
    const path = /const localVarPath = '([^']+)'/.exec(block)?.[1];
    const method = /HttpMethod\.(\w+)/.exec(block)?.[1];
    if (!name || !path || !method) continue;
    out.push({
      name,
      path,
      method: method.toLowerCase(),
      action: path.includes('{') || !name.startsWith('get') ? actions.find(([pattern]) => pattern.test(name))?.[1] : undefined,
      description: cleanComment(/^ {5}\* (.*)$/m.exec(block)?.[1] ?? ''),
      query: readQuery(block),
      pathTexts: parameterTexts(block),
      body: /ObjectSerializer\.serialize\(body, "(\w+)"/.exec(block)?.[1],
      response: responses.get(name),
    });
  }
  return out;
}

function parameterTexts(block: string): Map<string, string> {
  return new Map([...block.matchAll(/^ {5}\* @param (\w+) (.*)$/gm)].map(([, name, text]) => [name as string, cleanComment(text as string)]));
}

function readQuery(block: string): QueryParameter[] {
  const descriptions = parameterTexts(block);
  return [...block.matchAll(/setQueryParam\("(\w+)", ObjectSerializer\.serialize\((\w+), "(\w+)"/g)].map(([, name, variable, type]) => ({
    name: name as string,
    type: type === 'number' ? 'integer' : (type as 'string' | 'boolean'),
    description: descriptions.get(variable as string) ?? '',
  }));
}

/** Model of the first answer of each operation; code 200 comes first. */
function readResponses(text: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const block of text.split('\n    async ').slice(1)) {
    const name = /^(\w+)WithHttpInfo\(/.exec(block)?.[1];
    const type = /ObjectSerializer\.deserialize\([^"]*"([^"]+)"/s.exec(block)?.[1];
    if (name && type) out.set(name, type);
  }
  return out;
}
