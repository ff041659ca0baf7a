import { allocate } from './allocation.ts';

/** Seats of a priority level. */
export interface SeatLimits {
  /** By its share of all seats. */
  readonly nominal: number;
  /** What it never lends. */
  readonly least: number;
  /** With all that it may borrow. */
  readonly most: number;
}

export interface Shares {
  readonly nominalConcurrencyShares: number;
  readonly lendablePercent: number;
  /** Nothing but the number of all seats is in the way if absent. */
  readonly borrowingLimitPercent: number | undefined;
}

/** Divides the seats of the server by shares; each part is rounded up, so there may be a few more than there are. */
export function divideSeats(total: number, shares: readonly Shares[]): readonly SeatLimits[] {
  const sum = shares.reduce((all, { nominalConcurrencyShares }) => all + nominalConcurrencyShares, 0);
  return shares.map(({ nominalConcurrencyShares, lendablePercent, borrowingLimitPercent }) => {
    const nominal = sum === 0 ? 0 : Math.ceil((total * nominalConcurrencyShares) / sum);
    const lendable = Math.round((nominal * lendablePercent) / 100);
    const borrowable = borrowingLimitPercent === undefined ? total : Math.round((nominal * borrowingLimitPercent) / 100);
    return { nominal, least: nominal - lendable, most: nominal + borrowable };
  });
}

export interface Borrower extends SeatLimits {
  readonly exempt: boolean;
  readonly highWatermark: number;
  readonly smoothed: number;
}

export interface Lent {
  /** In the order of the borrowers. */
  readonly limits: readonly { readonly current: number; readonly target: number }[];
  readonly fairFraction: number;
}

/**
 * Lends the seats that some levels do not need to those that could use more (util/flowcontrol updateBorrowingLocked). What is
 * exempt takes what it wants; nobody gets less than what they wanted most, unless it is more than their own.
 */
export function lendSeats(borrowers: readonly Borrower[]): Lent {
  const sum = (all: readonly Borrower[], pick: (one: Borrower) => number) => all.reduce((total, one) => total + pick(one), 0);
  const wanted = ({ exempt, least, nominal, highWatermark }: Borrower) => Math.max(least, exempt ? highWatermark : Math.min(nominal, highWatermark));
  const limited = borrowers.filter(({ exempt }) => !exempt);
  const all = sum(borrowers, ({ nominal }) => nominal);
  const left =
    all -
    sum(
      borrowers.filter(({ exempt }) => exempt),
      wanted,
    );
  const [leastOfAll, wantedOfAll] = [sum(limited, ({ least }) => least), sum(limited, wanted)];
  const target = (one: Borrower) => Math.max(wanted(one), one.exempt ? 0 : one.smoothed);
  const result = (current: (one: Borrower) => number, fairFraction: number): Lent => ({
    limits: borrowers.map((one) => ({ current: one.exempt ? wanted(one) : current(one), target: target(one) })),
    fairFraction,
  });
  if (left <= leastOfAll) return result(({ least }) => least, 0);
  if (left <= wantedOfAll) {
    const share = (left - leastOfAll) / (wantedOfAll - leastOfAll);
    return result((one) => one.least + Math.round((wanted(one) - one.least) * share), 0);
  }
  const allocation = allocate(
    all,
    limited.map((one) => ({ target: target(one), least: wanted(one), most: one.most })),
  );
  if (!allocation) return result(({ nominal }) => nominal, 0);
  const seats = new Map(limited.map((one, index) => [one, Math.round(allocation.seats[index] as number)]));
  return result((one) => seats.get(one) ?? one.nominal, allocation.fairFraction);
}
