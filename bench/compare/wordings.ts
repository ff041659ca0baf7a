/** Words of a message that mean the same as others, or nothing. */
interface Wording {
  readonly words: RegExp;
  readonly mean: string;
  /** Why they differ. */
  readonly because: string;
  /** They are told apart by servers older than this minor version; without it, by all. */
  readonly before?: number;
  /** By servers as new as this one. */
  readonly from?: number;
}

const wordings: readonly Wording[] = [
  { words: /\(nil\)/g, mean: '{}', because: 'Go tells lists and maps that are empty from those that are not there' },
  {
    words: /(Invalid|Unsupported) value: (?:\[\])?(?:[\w.]+)?[[{][\s\S]*?[\]}]: (?=[a-zA-Z])/g,
    mean: '$1 value: <value>: ',
    because: 'Go prints where in memory the parts of a struct lie; ours are JSON',
  },
  { words: /\n[^\n]*kube-api-access-[^\n]*/g, mean: '\n<volume of a token>', because: 'volumes of tokens have random names' },
  { words: /\u00a0/g, mean: ' ', because: 'go-cmp wants nobody to rely on its spaces, which break or not by chance' },
  {
    words: /\n {2}core\.\w+\{\n[\s\S]*?\n {2}\}\n/g,
    mean: '\n<difference>\n',
    because: 'go-cmp opens and abbreviates what differs in another way',
    before: 33,
  },
  { words: /yaml: (line \d+: )?[\s\S]*$/, mean: 'yaml: <mistake>', because: 'another library reads YAML' },
  { words: /fields other than [\s\S]*?(?= are forbidden|\n|$)/g, mean: 'fields other than these', because: 'more may change with every version', before: 33 },
  { words: / except resources\.requests (and volumeAttributesClassName )?for /g, mean: ' ', because: 'so may claims', before: 29 },
  { words: /\bValue: Forbidden/g, mean: 'value: Forbidden', because: 'a field had a name of its own', before: 25 },
  { words: /^Value$/, mean: 'value', because: 'a field had a name of its own', before: 25 },
  { words: /\n\nAvailable representations: .*$/, mean: '', because: 'the router says what it has', before: 25 },
  { words: /(must have at most|may not be more than) (?=\d+ bytes)/g, mean: 'at most ', because: 'limits are told in other words', before: 32 },
  { words: /must be no more than (\d+) (bytes|characters)/g, mean: 'must be no more than $1', because: 'what was called characters are bytes', from: 35 },
  { words: /^error decoding patch: /, mean: '', because: 'fields are validated by the server', before: 25 },
  { words: /failed to create typed patch object \([^)]*\)/g, mean: 'failed to create typed patch object', because: 'an apply names its object', before: 23 },
  { words: / with subresource "\w+"/g, mean: '', because: 'owners are told apart by subresource', before: 22 },
  {
    words:
      /^the namespace of the (provided object does not match the namespace sent on the request|object \(.*\) does not match the namespace on the request \(.*\))$/,
    mean: 'the namespaces do not match',
    because: 'patches are checked as other writes are',
    before: 25,
  },
  {
    words: /^(invalid object type: \/, Kind=.*|Incorrect version specified in apply patch\. Specified patch version: , expected: .*)$/,
    mean: 'no version',
    because: 'an apply says first that its object is of another kind',
    before: 28,
  },
  {
    words: /(cannot be handled as an? \w+: )[\s\S]*$/,
    mean: '$1<mistake>',
    because: 'messages of the JSON decoder are those of another library',
    before: 23,
  },
  {
    words: /(Invalid value: )"\{[\s\S]*\}": [\s\S]*$/,
    mean: '$1<object>: <mistake>',
    because: 'so are those about a patched object, of which the owners of a scale are shown since',
    before: 23,
  },
  {
    words: /^(json: cannot unmarshal |unexpected end of JSON input).*$|^.*(ReadMapCB|readUint|ReadString|unexpected E|expect |invalid character).*$/,
    mean: '<mistake>',
    because: 'so are those about a patch that is none',
    before: 23,
  },
  {
    words: /\.(extensions|networking\.k8s\.io)\b|^(extensions|networking\.k8s\.io)$/g,
    mean: '<networking>',
    because: 'messages name the group of today',
    before: 22,
  },
  {
    words: /unable to parse requirement: found .*$/,
    mean: 'unable to parse requirement',
    because: 'the parser of selectors tells what it expects in another way',
    before: 22,
  },
  { words: /\bbatch\.kubernetes\.io\/controller-uid=/g, mean: 'controller-uid=', because: 'labels of jobs have a prefix', before: 27 },
  { words: /\bcpu: (?=<unknown>|\d)/g, mean: '', because: 'targets of autoscalers say what is measured', before: 30 },
];

export const isText = (value: unknown): value is string => typeof value === 'string';

/** A message reduced to what servers of a minor version (0 if it is unknown) and ours tell in the same words. */
export function inWordsOf(minor: number, text: string): string {
  return wordings
    .filter(({ before = Number.POSITIVE_INFINITY, from = 0 }) => minor < before && minor >= from)
    .reduce((left, { words, mean }) => left.replace(words, mean), text);
}
