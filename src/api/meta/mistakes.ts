import type { FieldPath } from '../../machinery/field-error.ts';
import { FieldError } from '../../machinery/field-error.ts';

/** Collects field errors in the order in which upstream reports them. Validators take one and add to it. */
export class Mistakes {
  readonly list: FieldError[] = [];

  required(at: FieldPath, detail = ''): void {
    this.list.push(new FieldError('FieldValueRequired', at.text, '', detail));
  }

  /** One error per detail: name checks return all that is wrong with a name. */
  invalid(at: FieldPath, value: unknown, details: string | readonly string[]): void {
    for (const detail of typeof details === 'string' ? [details] : details) this.list.push(new FieldError('FieldValueInvalid', at.text, value, detail));
  }

  forbidden(at: FieldPath, detail: string): void {
    this.list.push(new FieldError('FieldValueForbidden', at.text, '', detail));
  }

  duplicate(at: FieldPath, value: unknown, detail = ''): void {
    this.list.push(new FieldError('FieldValueDuplicate', at.text, value, detail));
  }

  notFound(at: FieldPath, value: unknown, detail = ''): void {
    this.list.push(new FieldError('FieldValueNotFound', at.text, value, detail));
  }

  /** The supported values are printed in the order given, which is upstream's. */
  notSupported(at: FieldPath, value: unknown, supported: readonly string[]): void {
    const list = supported.map((one) => JSON.stringify(one)).join(', ');
    this.list.push(new FieldError('FieldValueNotSupported', at.text, value, `supported values: ${list}`));
  }

  tooLong(at: FieldPath, maxBytes: number): void {
    this.list.push(new FieldError('FieldValueTooLong', at.text, '', `may not be more than ${maxBytes} bytes`));
  }

  tooMany(at: FieldPath, actual: number, max: number): void {
    this.list.push(new FieldError('FieldValueTooMany', at.text, actual, `must have at most ${max} items`));
  }

  /** A value of a closed set: required when empty, unsupported when unknown. */
  oneOf(at: FieldPath, value: string | undefined, supported: readonly string[]): void {
    if (!value) this.required(at);
    else if (!supported.includes(value)) this.notSupported(at, value, supported);
  }

  nonNegative(at: FieldPath, value: number | undefined): void {
    if ((value ?? 0) < 0) this.invalid(at, value, 'must be greater than or equal to 0');
  }

  immutable(at: FieldPath, next: unknown, same: boolean): void {
    if (!same) this.invalid(at, next, 'field is immutable');
  }

  add(errors: readonly FieldError[]): void {
    for (const error of errors) this.list.push(error); // A call takes no more than some ten thousand arguments.
  }
}
