/** A Go type, as far as printing values of it needs to know it. */
export type GoType =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'quantity'; readonly name: string }
  | { readonly kind: 'pointer'; readonly name: string; readonly of: GoType }
  | { readonly kind: 'list'; readonly name: string; readonly of: GoType }
  | { readonly kind: 'map'; readonly name: string; readonly key: GoType; readonly of: GoType }
  | { readonly kind: 'struct'; readonly name: string; readonly fields: () => readonly GoField[] };

export interface GoField {
  readonly name: string;
  /** Its name in JSON, in small letters. */
  readonly key: string;
  readonly type: GoType;
  /** Its fields are those of the struct around it, in JSON. */
  readonly isEmbedded: boolean;
}

const named: Readonly<Record<string, string>> = { 'core.ResourceList': 'map[core.ResourceName]resource.Quantity' };

const fieldForm = /^(\w+)(?:\((\w+)\))?:(.+)$/;

/**
 * Go structs by name, read from lines `core.EnvVar Name:string Value:string ValueFrom:*core.EnvVarSource`, which may go on in lines
 * that begin with a space. `^` marks an embedded struct, `RBDPool(pool):` a field that JSON calls otherwise. What is no struct here is a
 * text, a number or a flag.
 */
export class GoTypes {
  readonly #lines = new Map<string, string>();
  readonly #types = new Map<string, GoType>();

  constructor(table: string) {
    for (const line of table.trim().replace(/\n /g, '').split('\n')) {
      const name = line.slice(0, line.indexOf(' '));
      this.#lines.set(name, line.slice(name.length).trim());
    }
  }

  /** @param name as Go writes it: `core.PodSpec`, `[]*string` */
  type(name: string): GoType {
    let type = this.#types.get(name);
    if (!type) this.#types.set(name, (type = this.#parse(name)));
    return type;
  }

  #parse(name: string): GoType {
    const text = named[name] ?? name;
    if (text.startsWith('*')) return { kind: 'pointer', name, of: this.type(text.slice(1)) };
    if (text.startsWith('[]')) return { kind: 'list', name, of: this.type(text.slice(2)) };
    const map = /^map\[([^\]]+)\](.+)$/.exec(text);
    if (map) return { kind: 'map', name, key: this.type(map[1]!), of: this.type(map[2]!) };
    if (name === 'resource.Quantity') return { kind: 'quantity', name };
    const line = this.#lines.get(name);
    if (line === undefined) return { kind: 'scalar', name };
    let fields: GoField[] | undefined;
    return { kind: 'struct', name, fields: () => (fields ??= line.split(/\s+/).map((one) => this.#field(one))) };
  }

  #field(text: string): GoField {
    const isEmbedded = text.startsWith('^');
    const [, name = '', key = name, type = ''] = isEmbedded ? [text, text.slice(text.lastIndexOf('.') + 1), '', text.slice(1)] : (fieldForm.exec(text) ?? []);
    return { name, key: key.toLowerCase(), type: this.type(type), isEmbedded };
  }
}

/** The value of a field in the JSON of its struct. */
export function fieldOf(value: unknown, { name, key, isEmbedded }: GoField): unknown {
  if (isEmbedded || value === undefined || value === null) return value;
  if (typeof value !== 'object') return partOf(value, name);
  for (const one in value) if (one.length === key.length && one.toLowerCase() === key) return (value as Record<string, unknown>)[one];
  return undefined;
}

/** Whether Go would hold nothing but zeros for it. */
export function isZero(type: GoType, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (type.kind === 'struct') return type.fields().every((field) => isZero(field.type, fieldOf(value, field)));
  if (type.kind === 'list') return !Array.isArray(value) || value.length === 0;
  if (type.kind === 'map') return Object.keys(value).length === 0;
  return type.kind === 'scalar' && (value === '' || value === 0 || value === false);
}

/** intstr.IntOrString is a number or a text in JSON, and a struct of both in Go. */
function partOf(value: unknown, name: string): unknown {
  if (name === 'Type') return typeof value === 'string' ? 1 : 0;
  return (name === 'StrVal') === (typeof value === 'string') ? value : undefined;
}
