import { parseGroupVersion } from '../types.ts';

/** One field of a message, as `generated/schema/protobuf.json` spells it: `3 template io.k8s.api.core.v1.PodTemplateSpec value`. */
export interface ProtobufField {
  readonly number: number;
  /** The name in JSON. */
  readonly name: string;
  /** The name in Go, for what is said of broken bytes. */
  readonly goName: string;
  /** A scalar (`string`, `int32`, `int64`, `bool`, `bytes`, `double`, `uint32`, ...) or the full name of a message. */
  readonly type: string;
  readonly map: boolean;
  readonly repeated: boolean;
  /** Not a pointer in Go, so zero values are written and mean nothing. */
  readonly value: boolean;
  /** JSON always writes it, be it empty: Go has no `omitempty` on it. */
  readonly required: boolean;
  /** Its fields stand in the parent's JSON. */
  readonly embedded: boolean;
}

export interface ProtobufMessage {
  readonly name: string;
  readonly goName: string;
  readonly fields: readonly ProtobufField[];
  readonly byNumber: ReadonlyMap<number, ProtobufField>;
  /** By number, the highest first: the order in which the encoder writes. */
  readonly descending: readonly ProtobufField[];
  /** A wrapper around a list, which JSON writes as the bare list (`ExtraValue`, `Verbs`). */
  readonly bareList: boolean;
}

/** The messages of the API. They are read when first asked for: most bodies touch a dozen of a thousand. */
export class ProtobufSchema {
  private readonly read = new Map<string, ProtobufMessage>();

  constructor(private readonly messages: Readonly<Record<string, readonly string[]>>) {}

  message(name: string): ProtobufMessage | undefined {
    const known = this.read.get(name);
    if (known) return known;
    const texts = Object.hasOwn(this.messages, name) ? this.messages[name] : undefined;
    if (!texts) return undefined;
    const fields = texts.map(parseField);
    // The lists of DownwardAPIProjection and of the kinds hold messages, and are maps in JSON too.
    const bareList = fields.length === 1 && fields[0]?.name === 'items' && fields[0].type === 'string';
    const descending = fields.toSorted((a, b) => b.number - a.number);
    const message = { name, goName: lastName(name), fields, byNumber: new Map(fields.map((field) => [field.number, field])), descending, bareList };
    this.read.set(name, message);
    return message;
  }

  /** The message of a kind. Options (`DeleteOptions` and its like) belong to meta/v1 whatever group they are sent under. */
  messageFor(apiVersion: string, kind: string): ProtobufMessage | undefined {
    const { group, version } = parseGroupVersion(apiVersion);
    const packageName = packageOf(group);
    return (packageName && this.message(`${packageName}.${version}.${kind}`)) || this.message(`io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);
  }
}

const ownPackages: Readonly<Record<string, string>> = {
  '': 'io.k8s.api.core',
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  'internal.apiserver.k8s.io': 'io.k8s.api.apiserverinternal',
};

/** Undefined for the groups of custom resources: those have a dot in their name, and not Kubernetes' own ending. */
function packageOf(group: string): string | undefined {
  const own = Object.hasOwn(ownPackages, group) ? ownPackages[group] : undefined;
  if (own !== undefined || (group.includes('.') && !group.endsWith('.k8s.io'))) return own;
  return `io.k8s.api.${group.split('.')[0]}`;
}

/**
 * Reads the content of `generated/schema/protobuf.json`, already parsed.
 * @throws Error if it has no `messages`
 */
export function loadProtobufSchema(document: unknown): ProtobufSchema {
  const messages = (document as { messages?: Record<string, string[]> } | undefined)?.messages;
  if (typeof messages !== 'object' || messages === null) throw new Error('a protobuf schema needs "messages"');
  return new ProtobufSchema(messages);
}

function parseField(text: string): ProtobufField {
  const [number, name, type, ...flags] = text.split(' ') as [string, string, string, ...string[]];
  const map = type.startsWith('map:');
  const embedded = flags.includes('embedded');
  return {
    number: Number(number),
    name,
    goName: embedded || name === 'metadata' ? lastName(type) : `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    type: map ? type.slice(4) : type,
    map,
    repeated: flags.includes('repeated'),
    value: flags.includes('value'),
    required: flags.includes('required'),
    embedded,
  };
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
