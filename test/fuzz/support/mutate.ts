/** One thing done to an object: where (counted over all its parts), and what. */
export interface Mutation {
  readonly at: number;
  readonly action: 'replace' | 'remove' | 'add' | 'repeat';
  readonly value: unknown;
}

type Holder = Record<string | number, unknown>;

/** Every place in a document that can be written to. */
function places(value: unknown, found: [Holder, string | number][] = []): [Holder, string | number][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    found.push([value as Holder, key]);
    places((value as Holder)[key], found);
  }
  return found;
}

/** Changes a document in place. */
export function mutate(document: unknown, { at, action, value: shared }: Mutation): void {
  const value = structuredClone(shared); // Values are shared between documents, and may be mutated next.
  const all = places(document);
  const place = all[at % Math.max(1, all.length)];
  if (!place) return;
  const [holder, key] = place;
  switch (action) {
    case 'replace':
      holder[key] = value;
      return;
    case 'remove':
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      return;
    case 'add':
      if (Array.isArray(holder)) holder.push(value);
      else
        Object.defineProperty(holder, at % 3 === 0 ? '__proto__' : at % 3 === 1 ? 'constructor' : 'surprise', {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      return;
    case 'repeat':
      if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
      else holder[`${key}2`] = structuredClone(holder[key]);
  }
}
