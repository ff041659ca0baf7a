/** Users of a pod that has users of its own: number 0 in there is `hostBase` on the node. */
export interface UserNamespace {
  readonly hostBase: number;
}

/** How many users such a pod has. */
export const usersPerNamespace = 65_536;

/** Linux's numbers for what every process is in until it is put elsewhere. */
const initial = { time: 4_026_531_834, user: 4_026_531_837 } as const;

/** The numbers by which /proc/PID/ns tells namespaces apart, given out in the order in which somebody asks. */
export class NamespaceNumbers {
  readonly #known = new Map<string, WeakMap<object, number>>();
  #last = 4_026_532_200;

  /** `object` is what those that share the namespace have in common; the first one of its type if absent. */
  of(type: string, object?: object | undefined): number {
    if (object === undefined) return initial[type as keyof typeof initial] ?? 0;
    const ofType = this.#known.get(type) ?? new WeakMap<object, number>();
    this.#known.set(type, ofType);
    const known = ofType.get(object);
    if (known !== undefined) return known;
    this.#last += 1;
    ofType.set(object, this.#last);
    return this.#last;
  }
}

/** A line of /proc/PID/uid_map and gid_map (user_namespaces(7)). */
export function idMap(namespace: UserNamespace | undefined): string {
  const [base, count] = namespace ? [namespace.hostBase, usersPerNamespace] : [0, 4_294_967_295];
  return `${[0, base, count].map((one) => String(one).padStart(10)).join(' ')}\n`;
}
