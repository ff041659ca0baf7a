/** What names, label keys and label values may look like, with upstream's messages (apimachinery/pkg/util/validation). */

const nameMaxLength = 63;
const subdomainMaxLength = 253;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const qualifiedNameText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const tooLongText = (max: number): string => `must be no more than ${max} characters`;

/** What is wrong with a label key, annotation key or finalizer; nothing if it is fine. */
export function qualifiedNameErrors(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) return [`a qualified name ${qualifiedNameText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const errors: string[] = [];
  const name = parts.at(-1) as string;
  if (parts.length === 2) {
    if (parts[0] === '') errors.push('prefix part must be non-empty');
    else errors.push(...subdomainErrors(parts[0] as string).map((error) => `prefix part ${error}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > nameMaxLength) errors.push(`name part ${tooLongText(nameMaxLength)}`);
  if (!qualifiedName.test(name)) errors.push(`name part ${qualifiedNameText}`);
  return errors;
}

/** What is wrong with a label's value; nothing if it is fine. */
export function labelValueErrors(value: string): string[] {
  const errors = value.length > nameMaxLength ? [tooLongText(nameMaxLength)] : [];
  if (!labelValue.test(value)) errors.push(labelValueText);
  return errors;
}

function subdomainErrors(name: string): string[] {
  const errors = name.length > subdomainMaxLength ? [tooLongText(subdomainMaxLength)] : [];
  if (!subdomain.test(name)) errors.push(subdomainText);
  return errors;
}
