/** Upstream's decoder stops counting here. */
const errorsMax = 100;

/**
 * Every key that a JSON text repeats within one object, as `duplicate field "spec.replicas"`, items of lists as
 * `spec.containers[0].image`; each path once, at most 100. The text must be valid JSON (parse it first).
 */
export function findDuplicateKeys(text: string): string[] {
  const found = new Set<string>();
  new KeyScanner(text, (path) => void found.add(`duplicate field "${path}"`)).value('');
  return [...found].slice(0, errorsMax);
}

/**
 * Whether a JSON text could repeat a key, given how many keys the maps of its value hold together: it cannot if no more keys
 * stand in the text. Counted is every colon that follows a quote, which holds of the colon after each key; those in texts like
 * `":8080"` are counted too, so that the answer may be a false yes, never a false no. Far cheaper than `findDuplicateKeys`.
 */
export function mayRepeatKeys(text: string, keys: number): boolean {
  let found = 0;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (isSpace(text.charCodeAt(before))) before -= 1;
    if (text.charCodeAt(before) === 0x22) found += 1;
    if (found > keys) return true;
  }
  return false;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Reads valid JSON once, without building anything but the sets of keys that are open. */
class KeyScanner {
  private at = 0;

  constructor(
    readonly text: string,
    readonly report: (path: string) => void,
  ) {}

  value(path: string): void {
    this.space();
    const first = this.text.charCodeAt(this.at);
    if (first === 0x7b) this.object(path);
    else if (first === 0x5b) this.array(path);
    else if (first === 0x22) this.string();
    else while (this.at < this.text.length && !',]} \t\r\n'.includes(this.text[this.at] as string)) this.at++;
    this.space();
  }

  private object(path: string): void {
    const seen = new Set<string>();
    this.at++;
    this.space();
    while (this.text.charCodeAt(this.at) !== 0x7d) {
      const key = this.string();
      const child = path === '' ? key : `${path}.${key}`;
      if (seen.has(key)) this.report(child);
      seen.add(key);
      this.space();
      this.at++;
      this.value(child);
      if (this.text.charCodeAt(this.at) !== 0x2c) break;
      this.at++;
      this.space();
    }
    this.at++;
  }

  private array(path: string): void {
    this.at++;
    this.space();
    for (let index = 0; this.text.charCodeAt(this.at) !== 0x5d; index++) {
      this.value(`${path}[${index}]`);
      if (this.text.charCodeAt(this.at) !== 0x2c) break;
      this.at++;
    }
    this.at++;
  }

  private string(): string {
    const start = this.at++;
    let escaped = false;
    for (let code = this.text.charCodeAt(this.at); code !== 0x22 && this.at < this.text.length; code = this.text.charCodeAt(this.at)) {
      if (code === 0x5c) {
        escaped = true;
        this.at++;
      }
      this.at++;
    }
    this.at++;
    return escaped ? (JSON.parse(this.text.slice(start, this.at)) as string) : this.text.slice(start + 1, this.at - 1);
  }

  private space(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at++;
  }
}
