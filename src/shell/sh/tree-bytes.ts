/** What a string or an object takes besides what is in it. */
const valueBytes = 48;

/** What a syntax tree takes of memory, roughly. */
export function treeBytes(root: object): number {
  let bytes = 0;
  const waiting: object[] = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    bytes += valueBytes;
    for (const value of Object.values(node) as unknown[]) {
      if (typeof value === 'string') bytes += valueBytes + value.length;
      else if (typeof value === 'object' && value !== null) waiting.push(value);
      else bytes += 8;
    }
  }
  return bytes;
}
