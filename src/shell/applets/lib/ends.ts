/**
 * A text without the letters of one kind at its end; the first `kept` characters stay. An expression like /x+$/ begins at each x of a text,
 * so that it takes the square of its length.
 */
export function withoutLast(text: string, letter: string, kept = 0): string {
  let end = text.length;
  while (end > kept && text[end - 1] === letter) end -= 1;
  return text.slice(0, end);
}

/** A path without slashes at its end. */
export function withoutSlashes(path: string, kept = 0): string {
  return withoutLast(path, '/', kept);
}
