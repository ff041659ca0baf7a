/** One value of DER: where its content begins and ends. */
interface Value {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** 2.5.4.10, organizationName, as DER content. */
const organizationName = '55040a';
const sequence = 0x30;
const objectIdentifier = 0x06;

/** The organizations in the subject of a PKCS #10 request (base64 of PEM), or undefined if it is none. */
export function organizationsOfRequest(request: string): string[] | undefined {
  const pem = Buffer.from(request, 'base64').toString('latin1');
  const match = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/.exec(pem);
  if (!match) return undefined;
  const der = Buffer.from(match[1] as string, 'base64');
  const outer = valueAt(der, 0);
  const info = outer?.tag === sequence ? valueAt(der, outer.start) : undefined;
  const subject = info?.tag === sequence ? childrenOf(der, info)[1] : undefined;
  return subject?.tag === sequence ? organizationsIn(der, subject) : undefined;
}

/** A name is a sequence of sets of pairs of a type and a value. */
function organizationsIn(der: Buffer, subject: Value): string[] {
  return childrenOf(der, subject)
    .flatMap((set) => childrenOf(der, set))
    .flatMap((pair) => {
      const [type, value] = childrenOf(der, pair);
      if (type?.tag !== objectIdentifier || !value || der.toString('hex', type.start, type.end) !== organizationName) return [];
      return [der.toString('utf8', value.start, value.end)];
    });
}

function childrenOf(der: Buffer, parent: Value): Value[] {
  const found: Value[] = [];
  for (let at = parent.start; at < parent.end; ) {
    const value = valueAt(der, at);
    if (!value || value.end > parent.end) return found;
    found.push(value);
    at = value.end;
  }
  return found;
}

function valueAt(der: Buffer, at: number): Value | undefined {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const sizeOfLength = first < 0x80 ? 0 : first & 0x7f;
  if (sizeOfLength > 4 || at + 2 + sizeOfLength > der.length) return undefined;
  const length = sizeOfLength === 0 ? first : der.readUIntBE(at + 2, sizeOfLength);
  const start = at + 2 + sizeOfLength;
  return start + length <= der.length ? { tag, start, end: start + length } : undefined;
}
