/** Texts as one aggregate: one bare, several in brackets, repeated ones once (apimachinery/pkg/util/errors NewAggregate). */
export function aggregateText(texts: readonly string[]): string {
  const unique = [...new Set(texts)];
  return unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`;
}
