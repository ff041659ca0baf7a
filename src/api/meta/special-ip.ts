import type { FieldPath } from '../../machinery/field-error.ts';
import { readIp } from './ip-form.ts';
import type { Mistakes } from './mistakes.ts';

/** Of addresses as 32 or 128 bits, in the order in which they are told. */
const specials: readonly (readonly [(bits: string) => boolean, (text: string) => string])[] = [
  [(bits) => /^0+$/.test(bits), (text) => `may not be unspecified (${text})`],
  [(bits) => /^(01111111.{24}|0{127}1)$/.test(bits), () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [(bits) => /^(1010100111111110.{16}|1111111010.{118})$/.test(bits), () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [(bits) => /^(1110{21}.{8}|1{8}.{4}0010.{112})$/.test(bits), () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/** Addresses that make no sense as an endpoint, however they are written (pkg/apis/core/validation ValidateEndpointIP). */
export function validateNonSpecialIp(mistakes: Mistakes, text: string, at: FieldPath): void {
  const form = readIp(text);
  if (!form) mistakes.invalid(at, text, 'must be a valid IP address');
  else for (const [isSuch, why] of specials) if (isSuch(form.bits)) mistakes.invalid(at, text, why(text));
}
