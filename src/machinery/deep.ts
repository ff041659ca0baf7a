/** A writable copy of plain JSON data. Frozen sets of fields (`fieldsV1`), which are only ever replaced as a whole, are shared. */
export function clone<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) list.push(copy(value[index]));
    return list;
  }
  const out: Record<string, unknown> = {};
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child !== 'object' || child === null) {
      if (key === '__proto__') setProto(out, child);
      else out[key] = child;
    } else if (key === '__proto__') setProto(out, copy(child));
    else out[key] = key === 'fieldsV1' && Object.isFrozen(child) ? child : copy(child);
  }
  return out;
}

/** A plain assignment would run the setter. */
function setProto(out: object, value: unknown): void {
  Object.defineProperty(out, '__proto__', { value, enumerable: true, configurable: true, writable: true });
}

/** How many bytes JSON data takes as JSON text, about: characters count as one byte, numbers as eight. */
export function jsonSize(value: unknown): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 2;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) size += jsonSize(value[index]);
    return size;
  }
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    size += key.length + 3;
    if (typeof child === 'string') size += child.length + 3;
    else if (key === 'fieldsV1' && typeof child === 'object' && child !== null && Object.isFrozen(child)) size += sizeOfSet(child);
    else size += jsonSize(child);
  }
  return size;
}

/** Sizes of sets of fields, which many objects share. */
const setSizes = new WeakMap<object, number>();

function sizeOfSet(set: object): number {
  let size = setSizes.get(set);
  if (size === undefined) setSizes.set(set, (size = jsonSize(set)));
  return size;
}

/** How many keys all maps of a value hold together. */
export function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) keys += countKeys(value[index]);
    return keys;
  }
  for (const key in value) keys += 1 + countKeys((value as Record<string, unknown>)[key]);
  return keys;
}

/**
 * Puts the parts of `old` in the place of those parts of `next` that say the same, keys in the same order. What is frozen in `next`
 * is not changed. Returns whether all of `next` says the same.
 */
export function shareParts(next: object, old: object): boolean {
  if (Array.isArray(next)) return Array.isArray(old) && shareItems(next, old);
  if (Array.isArray(old)) return false;
  const [target, source] = [next as Record<string, unknown>, old as Record<string, unknown>];
  const keys = Object.keys(source);
  let count = 0;
  let same = true;
  let writable: boolean | undefined; // Asked only where there is something to write: it costs as much as the rest.
  for (const key in target) {
    const inPlace = keys[count] === key;
    count += 1;
    if (!inPlace) same = false;
    const mine = target[key];
    const other = inPlace || Object.hasOwn(source, key) ? source[key] : undefined;
    if (mine === other && !isLong(mine)) continue;
    if (mine !== other && (!isObject(mine) || !isObject(other) || !shareParts(mine, other))) same = false;
    else if ((writable ??= !Object.isFrozen(target))) target[key] = other;
  }
  return same && count === keys.length;
}

function shareItems(next: unknown[], old: readonly unknown[]): boolean {
  let same = next.length === old.length;
  let writable: boolean | undefined;
  const length = Math.min(next.length, old.length);
  for (let index = 0; index < length; index += 1) {
    const [mine, other] = [next[index], old[index]];
    if (mine === other && !isLong(mine)) continue;
    if (mine !== other && (!isObject(mine) || !isObject(other) || !shareParts(mine, other))) same = false;
    else if ((writable ??= !Object.isFrozen(next))) next[index] = other;
  }
  return same;
}

/** Two texts that say the same may still be in memory twice: from this length on it is worth to keep one of them. */
const longText = 64;

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.length >= longText;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Freezes plain JSON data, all of it; frozen parts are not entered again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) freezeParts(value);
  return value;
}

function freezeParts(value: object): void {
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) deepFreeze(value[index] as unknown);
    return;
  }
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) freezeParts(child);
  }
}

/**
 * Optional structs that say something by being there, empty or not: Go holds them by pointer, and a pointer is there or is not.
 * All other fields that hold an empty map are structs that are always there, and say as much as if they were absent; so do maps, of which
 * those that are empty are left out when an object is read (see goValues).
 */
const optionalStructs = new Set(
  [
    'affinity appArmorProfile awsElasticBlockStore azureDisk azureFile capabilities cephfs cinder clientIP clusterTrustBundle configMap configMapKeyRef configMapRef',
    'csi dataSource dataSourceRef dnsConfig downwardAPI emptyDir ephemeral exec fc fieldRef flexVolume flocker gcePersistentDisk gitRepo glusterfs grpc hostPath',
    'httpGet image inlineVolumeSpec iscsi labelSelector lifecycle livenessProbe local namespaceSelector nfs nodeAffinity nodeTopology os persistentVolumeClaim',
    'ordinals photonPersistentDisk podAffinity podAntiAffinity podFailurePolicy portworxVolume postStart preStop projected quobyte rbd readinessProbe requiredDuringSchedulingIgnoredDuringExecution',
    'resourceFieldRef rollingUpdate scaleIO seLinuxOptions seccompProfile secret secretKeyRef secretRef securityContext serviceAccountToken sessionAffinityConfig',
    'selector sleep startupProbe storageos successPolicy tcpSocket valueFrom volumeClaimTemplate vsphereVolume windowsOptions',
  ].flatMap((line) => line.split(' ')),
);

/** Whether two pieces of JSON data mean the same: absent, null, empty list and empty map are one (apimachinery's Semantic.DeepEqual). */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) && isEmpty(b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index += 1) if (!semanticEqual(a[index], b[index])) return false;
    return true;
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in left) if (!sameField(key, left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && !sameField(key, undefined, right[key])) return false;
  return true;
}

/** As `semanticEqual`, for fields of these names. */
export function sameField(name: string, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [hasA, hasB] = [a !== undefined && a !== null, b !== undefined && b !== null];
  return (hasA === hasB || !optionalStructs.has(name)) && semanticEqual(a, b);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
