/** Spare digits that take up the rounding of the series. */
const guardDigits = 10;

/** arctan(1/x) as a fixed-point number. */
function arctanOfInverse(x: bigint, unit: bigint): bigint {
  let power = unit / x;
  let sum = power;
  for (let n = 3n; power !== 0n; n += 2n) {
    power /= -(x * x);
    sum += power / n;
  }
  return sum;
}

/** Pi with this many significant digits, rounded, as bignum's `bpi(N)` gives it (Machin's formula). */
export function bignumPi(digits: number): string {
  const places = Math.max(digits, 1) - 1;
  const unit = 10n ** BigInt(places + guardDigits);
  const pi = 4n * (4n * arctanOfInverse(5n, unit) - arctanOfInverse(239n, unit));
  const cut = 10n ** BigInt(guardDigits);
  const text = String((pi + cut / 2n) / cut);
  return places === 0 ? text : `${text[0]}.${text.slice(1)}`;
}
