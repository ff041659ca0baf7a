/**
 * Checks of names and other short texts (apimachinery/pkg/util/validation). Each returns what is wrong,
 * in the words a user of the real API server reads; an empty list means the value is fine.
 */
export type NameCheck = (name: string, isPrefix?: boolean) => string[];

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const labelWithUnderscore = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const subdomainWithUnderscore = `${labelWithUnderscore}(\\.${labelWithUnderscore})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const configKey = '[-._a-zA-Z0-9]+';
const headerName = '[-A-Za-z0-9]+';

const whole = (format: string): RegExp => new RegExp(`^(?:${format})$`);
const patterns = {
  label: whole(label),
  subdomain: whole(subdomain),
  subdomainWithUnderscore: whole(subdomainWithUnderscore),
  label1035: whole(label1035),
  qualified: whole(qualified),
  labelValue: whole(`(${qualified})?`),
  configKey: whole(configKey),
  headerName: whole(headerName),
};

/** `must be no more than 63 characters`, though bytes are counted (with 1.35 it says so). */
export const maxLengthMessage = (bytes: number): string => `must be no more than ${bytes} characters`;

/** `must be between 1 and 65535, inclusive` */
export const rangeMessage = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

function regexMessage(message: string, format: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`;
  const shown = examples.map((one) => `'${one}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${format}')`;
}

/** Length in bytes, as Go counts. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

export function isDns1123Label(value: string): string[] {
  const wrong = byteLength(value) > 63 ? [maxLengthMessage(63)] : [];
  if (patterns.label.test(value)) return wrong;
  if (patterns.subdomain.test(value)) return [...wrong, 'must not contain dots'];
  const message = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...wrong, regexMessage(message, label, 'my-name', '123-abc')];
}

export function isDns1123Subdomain(value: string): string[] {
  const wrong = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (patterns.subdomain.test(value)) return wrong;
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...wrong, regexMessage(message, subdomain, 'example.com')];
}

export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const wrong = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (patterns.subdomainWithUnderscore.test(value)) return wrong;
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  // Upstream names the expression of subdomains without underscores.
  return [...wrong, regexMessage(message, subdomain, 'example.com')];
}

export function isDns1035Label(value: string): string[] {
  const wrong = byteLength(value) > 63 ? [maxLengthMessage(63)] : [];
  if (patterns.label1035.test(value)) return wrong;
  const message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...wrong, regexMessage(message, label1035, 'my-name', 'abc-123')];
}

/** A label key, a finalizer, a condition type: `name` or `dns.subdomain/name`. */
export function isQualifiedName(value: string): string[] {
  if (goodNames.has(value)) return [];
  const wrong = wrongInQualifiedName(value);
  if (wrong.length === 0 && goodNames.size < goodNamesMax) goodNames.add(value);
  return wrong;
}

/** A cluster has few label keys, each in many objects. */
const goodNames = new Set<string>();
const goodNamesMax = 1000;

function wrongInQualifiedName(value: string): string[] {
  const parts = value.split('/');
  const message = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  if (parts.length > 2) {
    const both = `a qualified name ${regexMessage(message, qualified, 'MyName', 'my.name', '123-abc')}`;
    return [`${both} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const wrong: string[] = [];
  const name = parts.at(-1) as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === '') wrong.push('prefix part must be non-empty');
    else wrong.push(...isDns1123Subdomain(prefix).map((one) => `prefix part ${one}`));
  }
  if (name === '') wrong.push('name part must be non-empty');
  else if (byteLength(name) > 63) wrong.push(`name part ${maxLengthMessage(63)}`);
  if (!patterns.qualified.test(name)) wrong.push(`name part ${regexMessage(message, qualified, 'MyName', 'my.name', '123-abc')}`);
  return wrong;
}

export function isLabelValue(value: string): string[] {
  const wrong = byteLength(value) > 63 ? [maxLengthMessage(63)] : [];
  if (patterns.labelValue.test(value)) return wrong;
  const message =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [...wrong, regexMessage(message, `(${qualified})?`, 'MyValue', 'my_value', '12345')];
}

export function isPortNumber(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : [rangeMessage(1, 65535)];
}

export function isPortName(port: string): string[] {
  const wrong: string[] = [];
  if (byteLength(port) > 15) wrong.push(maxLengthMessage(15));
  if (!/^[-a-z0-9]+$/.test(port)) wrong.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(port)) wrong.push('must contain at least one letter (a-z)');
  if (port.includes('--')) wrong.push('must not contain consecutive hyphens');
  if (port.startsWith('-') || port.endsWith('-')) wrong.push('must not begin or end with a hyphen');
  return wrong;
}

/** Names of environment variables, as relaxed in 1.32 (RelaxedEnvironmentVariableValidation). */
export function isEnvironmentName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value) ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or a Secret, which becomes a file name. */
export function isConfigKey(value: string): string[] {
  const wrong = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (!patterns.configKey.test(value)) {
    wrong.push(regexMessage("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", configKey, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') wrong.push("must not be '.'");
  else if (value === '..') wrong.push("must not be '..'");
  else if (value.startsWith('..')) wrong.push("must not start with '..'");
  return wrong;
}

export function isHeaderName(value: string): string[] {
  if (patterns.headerName.test(value)) return [];
  return [regexMessage("a valid HTTP header must consist of alphanumeric characters or '-'", headerName, 'X-Header-Name')];
}

export function isPercent(value: string): string[] {
  if (/^[0-9]+%$/.test(value)) return [];
  return [regexMessage("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')];
}

/** A prefix may end in a dash, because a random end follows it (metadata.generateName). */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

export const nameIsSubdomain: NameCheck = (name, isPrefix) => isDns1123Subdomain(isPrefix ? maskTrailingDash(name) : name);
export const nameIsLabel: NameCheck = (name, isPrefix) => isDns1123Label(isPrefix ? maskTrailingDash(name) : name);
export const nameIs1035Label: NameCheck = (name, isPrefix) => isDns1035Label(isPrefix ? maskTrailingDash(name) : name);

/** Names that may be one segment of a path: roles, bindings, events of old (apimachinery/pkg/api/validation/path). */
export const nameIsPathSegment: NameCheck = (name, isPrefix) => {
  if (!isPrefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%'].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`);
};

const conditionReason = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const conditionReasonPattern = new RegExp(`^${conditionReason}$`);

/** Why a condition has changed, in one word. */
export function conditionReasonMistakes(reason: string): string[] {
  if (conditionReasonPattern.test(reason)) return [];
  const message =
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
  return [regexMessage(message, conditionReason, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB')];
}
